"""Layer 6, beside `conditions`: the sentence made plain before it is read: shorthand, slang, spoken numbers and times,
words taken back, clauses that no filter can say, spelling. `prepare` is the door."""
