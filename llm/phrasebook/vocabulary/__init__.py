"""Layer 1, the lowest: tokens, and the tables of words and indicators that everything is read with."""
