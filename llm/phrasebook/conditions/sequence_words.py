"""The words that put one condition after another: "then", "after", "on the next candle"."""

from __future__ import annotations

from llm.phrasebook.conditions.windows import table

THEN = table(
    "and then",
    "then",
    "followed by",
    "and after that",
    "after which",
    "and later",
    "and subsequently",
    "and next",
    "and afterwards",
    "before",
    "which is followed by",
    "and is followed by",
    "and followed by",
    "that is followed by",
    "and the next",
    "and on the next",
    "followed immediately by",
    "immediately followed by",
    "and the following",
    "but then",
    "then later",
)
AFTER = table(
    "after",
    "following",
    "right after",
    "shortly after",
    "just after",
    "immediately after",
    "coming after",
    "that follows",
    "which follows",
    "that comes after",
    "after having",
    "preceded by",
)
NEXT = table(
    "on the next candle",
    "on the next one",
    "the next candle",
    "next candle",
    "on the following candle",
    "the next day",
    "on the next bar",
    "the next bar",
    "the following candle",
    "the next one",
    "by",
    "on this one",
    "on this candle",
    "now",
    "on the current candle",
    "the next",
)
