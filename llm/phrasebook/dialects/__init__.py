"""Layer 8: code instead of prose (the filter language, Pine, pandas, SQL, JSON), and sentences in other languages.
`dialect` is the door."""
