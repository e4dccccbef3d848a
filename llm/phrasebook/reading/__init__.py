"""Layer 3: the tools of reading: the cursor over the tokens, lengths of windows, phrase templates and their slots."""
