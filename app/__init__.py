"""Use cases: screening, strategies, signals, trading; and the programs that run them."""
