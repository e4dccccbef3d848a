"""Layer 5, beside `events`: what is said of an operand (above, crosses, rises, between, 5% away), and set-ups that have
a name. `predicate` is the door."""
