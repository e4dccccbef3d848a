"""Adverbs that a rule is read without, and that could have meant something: each is told.

"Comfortably above" is any distance above, "recently" no window, "again" no count, "only 2%" no upper limit.
"""

from __future__ import annotations

from collections.abc import Callable

from llm.phrasebook.vocabulary.tokens import Token

_ROWS = """
comfortably clearly cleanly firmly solidly nicely decisively convincingly | “{said}” gives no size: any is enough.
recently | “{said}” names no time: this candle is meant.
suddenly | “{said}” gives no time: it was not used.
freshly | “{said}” gives no time: this candle is meant.
roughly | “{said}” was not used: the number holds as it stands.
again | “{said}” was not counted: once is enough.
"""
_NOTES = {
    word: note.strip()
    for row in _ROWS.strip().splitlines()
    for words, note in (row.split(" | "),)
    for word in words.split()
}
_SIZED = ("number", "percent", "multiple")


def tell_modifiers(tokens: list[Token], note: Callable[[str], None]) -> None:
    """Tell `note` of each such word, and of an "only" that could have limited the number behind it."""
    for at, token in enumerate(tokens):
        behind = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.kind == "word" and token.text in _NOTES:
            note(_NOTES[token.text].format(said=token.text.capitalize()))
        elif token.text == "very" and not any(t.text in ("volume", "close") for t in tokens[at + 1 : at + 3]):
            note("“Very” gives no size: it was not used.")
        elif token.text == "market" and behind is not None and behind.text in ("is", "has", "goes", "was"):
            note("“Market” was read as this symbol's own, not as all symbols.")
        elif token.text == "than" and behind is not None and behind.text == "yesterday":
            note("“Than yesterday” became: than on the candle before.")
        elif token.text == "only" and behind is not None and behind.kind in _SIZED and behind.text != "one":
            note(f"“Only {behind.text}” was read as no upper limit.")
