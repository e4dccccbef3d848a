"""Layer 7: the whole sentence: read from left to right by `walker`, with its direction, base interval, the end of the
trade, its name and wording, and the words that nothing was made of."""
