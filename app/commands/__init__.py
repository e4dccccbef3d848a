"""The commands of `screener`, one module per group; each imports what it needs when it runs."""
