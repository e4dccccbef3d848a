"""One script a page; `shell.py` runs them."""
