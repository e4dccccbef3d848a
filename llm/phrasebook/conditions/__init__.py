"""Layer 6: one condition, from an operand and what is said of it or from an event, and what joins conditions: and, or,
not, groups, one after another, windows, repetitions, doubts. `condition` is the door."""
