"""From the sentence to the tokens that are read: shorthand, list marks, clauses no filter can say, spelling.

`prepare` never changes where a token stands in the sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from llm.phrasebook.preparing.fractions import spoken_fractions
from llm.phrasebook.preparing.modifiers import tell_modifiers
from llm.phrasebook.preparing.restated import said_once
from llm.phrasebook.preparing.second_thoughts import taken_back
from llm.phrasebook.preparing.short_names import written_out
from llm.phrasebook.preparing.shorthand import expand
from llm.phrasebook.preparing.slang import plain_words, signed_numbers
from llm.phrasebook.preparing.spelling import correct
from llm.phrasebook.preparing.spoken_times import spoken_times
from llm.phrasebook.preparing.topics import Clause, take_out
from llm.phrasebook.preparing.usages import settle
from llm.phrasebook.vocabulary.tokens import UNITS, Token, TokenKind, span_of, tokenise

MAX_TOKENS = 300
_EACH = {"hourly": "1h", "daily": "1d", "weekly": "1w"}
_NOUNS = {"day": "daily", "week": "weekly", "hour": "hourly"}
_HELD_BY = ("candle", "candles", "bar", "bars", "chart", "charts", "timeframe", "candlestick", "candlesticks")
_CANDLES = ("candle", "candles", "bar", "bars", "close", "closes", "period", "periods")
_ADVERBS = frozenset(
    """
    somewhere itself himself themselves basically actually really simply frankly honestly obviously literally maybe
    perhaps probably clearly certainly definitely recently anyway eventually essentially roughly preferably ideally
    finally suddenly comfortably cleanly firmly solidly nicely freshly already anywhere everywhere sort
    """.split()
)
_SAID_ASIDE = """
you know; more or less; i mean; let us say; let's say; or so; to be honest; of course; if possible; for example;
for instance; as well; that is; kind of; in my opinion; in general; at all; i guess; i think; i suppose; so to say;
show up; shows up; showing up; showed up; takes place; send it; lets go; no cap; not gonna lie; heads up; by the way;
fyi; thank you; thanks; hello; hi there; hey there
"""
_ASIDES = tuple(tuple(phrase.split()) for phrase in _SAID_ASIDE.split(";"))
_USUAL = frozenset(
    """
    normal standard usual regular ordinary classic default common typical exponential simple plain
    """.split()
)
_AROUND = frozenset(
    """
    just the a with of one ones settings setting version kind nothing fancy length and periods period candles
    """.split()
)
_WAYS = ("upward", "upwards", "up", "downward", "downwards", "down")
_SIDES = ("over", "above", "under", "below")
_AVERAGES = frozenset("ema sma ma wma hma dema tema vwma emas smas mas".split())
_COUNTED: dict[str, TokenKind] = {"percent": "percent", "pct": "percent", "times": "multiple"}
_ENDS = frozenset({".", ";", "!", "?"})
_BREAKS = frozenset({",", ";", ".", ":", "-", "!", "?"})


def prepare(
    sentence: str, symbols: frozenset[str], note: Callable[[str], None]
) -> tuple[list[Token], list[Clause], bool]:
    """The tokens to read, the clauses taken out, and whether the sentence was too long to be read whole."""
    tokens = spoken_fractions(spoken_times(_nouns(tokenise(sentence))))
    meant = taken_back(signed_numbers(expand(tokens[:MAX_TOKENS], note)), note)
    written = settle(written_out(plain_words(meant, note)))
    tell_modifiers(written, note)
    kept = _plain(_list_marks(plain_words(said_once(written), note)))
    kept, clauses = take_out(sentence, kept)
    kept = _pairs(_candles_of(_spans(correct(kept, symbols, note))))
    return kept, clauses, len(tokens) > MAX_TOKENS


def _nouns(tokens: list[Token]) -> list[Token]:
    """ "Day candles", "the week chart": daily and weekly ones."""
    follows = (*(token.text for token in tokens[1:]), "")
    return [
        replace(token, text=_NOUNS[token.text]) if token.text in _NOUNS and after in _HELD_BY else token
        for token, after in zip(tokens, follows, strict=False)
    ]


def _pairs(tokens: list[Token]) -> list[Token]:
    """ "a 9 over 21 EMA cross" is the 9 EMA crossing above the 21 EMA; "the 20 one" is of the average named before."""
    out: list[Token] = []
    average: Token | None = None
    at = 0
    while at < len(tokens):
        token = tokens[at]
        window = tokens[at : at + 5]
        kinds = [t.kind for t in window]
        if kinds[:4] == ["number", "word", "number", "word"] and window[1].text in _SIDES and len(window) == 5:
            named = window[3].text in _AVERAGES and window[4].text in ("cross", "crossover", "crosses", "crossing")
            if named:
                crosses = replace(window[4], text="crosses", start=window[1].start, end=window[1].start)
                out.extend((token, replace(window[3], start=token.end, end=token.end), crosses, *window[1:4]))
                at += 5
                while at < len(tokens) and tokens[at].text in _WAYS:
                    at += 1
                continue
        if token.text in _AVERAGES:
            average = token
        one = token.kind == "number" and token.text == "one" and out and out[-1].kind == "number"
        if one and average is not None and len(out) > 1 and out[-2].text == "the":
            out.append(replace(token, kind="word", text=average.text, value=0.0))
        else:
            out.append(token)
        at += 1
    return out


def _plain(tokens: list[Token]) -> list[Token]:
    """Without the adverbs and asides that carry nothing: "somewhere between", "you know", "the normal one"."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        aside = _aside(tokens, at)
        if aside is not None:
            settings, end = aside
            out.extend(settings)
            at = end
            continue
        words = tuple(token.text for token in tokens[at : at + 4])
        phrase = next((phrase for phrase in _ASIDES if words[: len(phrase)] == phrase), None)
        if phrase is not None:
            if phrase == ("i", "mean") and out and out[-1].text not in _ENDS:
                out.append(replace(tokens[at], text="meaning", end=tokens[at + 1].end))
            at += len(phrase)
            continue
        if not (tokens[at].kind == "word" and tokens[at].text in _ADVERBS):
            out.append(tokens[at])
        at += 1
    return out


def _aside(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """ ", just the normal one with 14," names a setting between commas: "(14)"; without a number it says nothing."""
    if tokens[at].text != ",":
        return None
    inside: list[Token] = []
    end = at + 1
    while end < len(tokens) and tokens[end].text not in (",", ".", ";") and len(inside) < 8:
        inside.append(tokens[end])
        end += 1
    words = {token.text for token in inside if token.kind == "word"}
    numbers = [token for token in inside if token.kind == "number"]
    usual = words & _USUAL and words & {"one", "ones", "settings", "setting", "version", "kind"}
    one = any(token.text == "one" for token in numbers)
    if not (usual or (words & _USUAL and one)) or not words <= _USUAL | _AROUND:
        return None
    if end < len(tokens) and tokens[end].text == ",":
        end += 1
    given = [token for token in numbers if token.text != "one"]
    if not given:
        return [], end
    first, last = given[0], given[-1]
    bracket = Token("sign", "(", 0.0, first.start, first.start)
    return [bracket, *given, replace(bracket, text=")", start=last.end, end=last.end)], end


def _spans(tokens: list[Token]) -> list[Token]:
    """A unit whose spelling was mended belongs to the number before it: "15 mintues", "5 precent"."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        unit = UNITS.get(token.text) if token.kind == "word" and len(token.text) > 2 else None
        whole = last is not None and last.kind == "number" and last.value == int(last.value) and 0 < last.value <= 9_999
        if last is not None and unit is not None and whole and not token.text.endswith("ly"):
            out[-1] = span_of(int(last.value), unit, f"{last.text} {token.text}", last.start, token.end)
            continue
        kind = _COUNTED.get(token.text) if last is not None and last.kind == "number" else None
        if last is not None and kind is not None and token.kind == "word":
            out[-1] = replace(last, kind=kind, text=f"{last.text} {token.text}", end=token.end)
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
