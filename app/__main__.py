"""`python -m app`: the same as `screener`."""

from app.cli import main

main()
