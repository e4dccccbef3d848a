"""A sentence as the pieces that its checks look at: words, numbers and signs, and where they stand.

The checks look for names and for what stands between them; what a number or a span of time means is read off the
offline translator's tokens.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_PIECE: Final = re.compile(
    r"[+-]di(?![a-z])|di[+-]|%[kdr](?![a-z])"  # lines of an indicator that have a sign in their names
    r"|(?:(?<![^\W_])-)?\d+(?:,\d{3})*(?:\.\d+)?"
    r"|[^\W\d_]+(?:'[a-z]+)?"
    r"|[<>]=?|[^\s\w]"
)


class Piece(NamedTuple):
    """A piece of a text, in its own letters, from `start` to `end`."""

    text: str
    start: int
    end: int


def pieces(text: str) -> list[Piece]:
    """All pieces of a text in lower case, in order: "ema(20) > 1.5" has six. A name is the same with "'s" behind it."""
    return [Piece(match.group().removesuffix("'s"), match.start(), match.end()) for match in _PIECE.finditer(text)]


def words(text: str) -> list[Piece]:
    """Its words and numbers, without signs between them."""
    return [piece for piece in pieces(text) if any(letter.isalnum() for letter in piece.text)]
