"""From the sentence to the tokens that are read: shorthand, list marks, clauses no filter can say, spelling.

`prepare` never changes where a token stands in the sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from llm.phrasebook.shorthand import expand
from llm.phrasebook.spelling import correct
from llm.phrasebook.text import UNITS, Token, span_of, tokenise
from llm.phrasebook.topics import Clause, take_out

MAX_TOKENS = 300
_EACH = {"hourly": "1h", "daily": "1d", "weekly": "1w"}
_CANDLES = ("candle", "candles", "bar", "bars", "close", "closes", "period", "periods")
_BREAKS = frozenset({",", ";", ".", ":", "-", "!", "?"})


def prepare(
    sentence: str, symbols: frozenset[str], note: Callable[[str], None]
) -> tuple[list[Token], list[Clause], bool]:
    """The tokens to read, the clauses taken out, and whether the sentence was too long to be read whole."""
    tokens = tokenise(sentence)
    kept = _list_marks(expand(tokens[:MAX_TOKENS], note))
    kept, clauses = take_out(sentence, kept)
    return _candles_of(_spans(correct(kept, symbols, note))), clauses, len(tokens) > MAX_TOKENS


def _spans(tokens: list[Token]) -> list[Token]:
    """A unit whose spelling was mended belongs to the number before it: "15 mintues"."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        unit = UNITS.get(token.text) if token.kind == "word" and len(token.text) > 2 else None
        whole = last is not None and last.kind == "number" and last.value == int(last.value) and 0 < last.value <= 9_999
        if last is not None and unit is not None and whole and not token.text.endswith("ly"):
            out[-1] = span_of(int(last.value), unit, f"{last.text} {token.text}", last.start, token.end)
            continue
        out.append(token)
    return out


def _list_marks(tokens: list[Token]) -> list[Token]:
    """ "1. RSI below 30 2) price above": the numbers of a list, when they count up from one, are pauses."""
    out: list[Token] = []
    expected = 1
    at = 0
    while at < len(tokens):
        token = tokens[at]
        closed = at + 1 < len(tokens) and tokens[at + 1].text in (".", ")") and tokens[at + 1].start == token.end
        letter = token.kind == "word" and len(token.text) == 1 and token.text == chr(96 + min(expected, 26))
        counted = token.kind == "number" and token.text == str(expected)
        begins = not out or out[-1].text in _BREAKS or out[-1].text == "(" or expected > 1
        if (
            closed
            and begins
            and (counted or (letter and tokens[at + 1].text == ")"))
            and _goes_on(tokens, at, expected)
        ):
            if out and out[-1].text == "(":
                out.pop()
            out.append(Token("sign", ";", 0.0, token.start, tokens[at + 1].end))
            expected += 1
            at += 2
            continue
        out.append(token)
        at += 1
    return out


def _goes_on(tokens: list[Token], at: int, expected: int) -> bool:
    """Whether the list has another number before or behind this one: "RSI above 1." is no list."""
    if expected > 1:
        return True
    later = tokens[at + 2 :]
    return any(a.text in ("2", "b") and b.text in (".", ")") and b.start == a.end for a, b in pairwise(later))


def _candles_of(tokens: list[Token]) -> list[Token]:
    """ "48 hourly candles" is 48 candles, and the number's `unit` says of which interval."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1 : at + 3]
        if token.kind == "number" and len(following) == 2 and following[1].text in _CANDLES:
            label = following[0].interval or _EACH.get(following[0].text)
            if label is not None and token.value > 1:
                out.append(replace(token, unit=label, end=following[0].end))
                at += 2
                continue
        out.append(token)
        at += 1
    return out
