"""Layer 2: what a sentence means, as data types, and how a meaning is written: as filter code, and as English that
reads back to the same meaning."""
