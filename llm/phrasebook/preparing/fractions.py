"""Fractions as they are spoken: "one and a half times", "half a percent", "two point five", "1 1/2"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import UNITS, Token, span_of

_PARTS = {"half": 0.5, "quarter": 0.25, "quarters": 0.25, "third": 1 / 3, "thirds": 1 / 3}
_PERCENT = frozenset({"percent", "%", "pct"})
_TIMES = frozenset({"times", "x", "fold"})
_MINUTES = {"h": 60, "d": 24 * 60}
# "A percent change", "a percent of": no size.
_NO_SIZE = frozenset({"change", "of", "return", "move", "rank", "b"})


def spoken_fractions(tokens: list[Token]) -> list[Token]:
    """The tokens with each spoken fraction as one number, percentage, multiple or time."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        found = _mixed(tokens, at) or _point(tokens, at) or _of_percent(tokens, at)
        if found is None:
            out.append(tokens[at])
            at += 1
            continue
        token, end = found
        made, at = _with_unit(token, tokens, end)
        out.append(made)
    return out


def _text(tokens: list[Token], at: int) -> str:
    return tokens[at].text if at < len(tokens) else ""


def _made(first: Token, last: Token, value: float) -> Token:
    return replace(first, kind="number", text=f"{value:g}", value=round(value, 10), end=last.end, count=0, unit="")


def _mixed(tokens: list[Token], at: int) -> tuple[Token, int] | None:
    """ "one and a half", "2 and a quarter", "a percent and a half", "1 1/2"."""
    token = tokens[at]
    percent = token.kind == "percent" or (token.text == "a" and _text(tokens, at + 1) in _PERCENT)
    whole = 1.0 if token.text == "a" else token.value
    if token.kind != "number" and not percent:
        return None
    end = at + 2 if token.text == "a" else at + 1
    if _text(tokens, end) == "and" and _text(tokens, end + 1) in ("a", "one"):
        part = _PARTS.get(_text(tokens, end + 2))
        if part is not None:
            made = _made(token, tokens[end + 2], whole + part)
            return (replace(made, kind="percent") if percent else made), end + 3
    pieces = tokens[at + 1 : at + 4]
    if len(pieces) < 3 or percent or pieces[1].text != "/" or pieces[0].end != pieces[1].start:
        return None
    part = {1 / 2: 0.5, 1 / 4: 0.25, 3 / 4: 0.75}.get(pieces[0].value / (pieces[2].value or 1.0))
    if part is None or pieces[2].value not in (2, 4):
        return None
    return replace(_made(token, pieces[2], whole + part), kind=pieces[2].kind), at + 4


def _point(tokens: list[Token], at: int) -> tuple[Token, int] | None:
    """ "one point five", "zero point two five"."""
    if tokens[at].kind != "number" or _text(tokens, at + 1) != "point":
        return None
    digits = ""
    end = at + 2
    while end < len(tokens) and (token := tokens[end]).kind in ("number", "percent", "multiple"):
        if not 0 <= token.value <= 9 or token.value != int(token.value) or token.text[:1].isdigit():
            break
        digits += str(int(token.value))
        end += 1
        if token.kind != "number":
            break
    if not digits:
        return None
    last = tokens[end - 1]
    return replace(_made(tokens[at], last, float(f"{int(tokens[at].value)}.{digits}")), kind=last.kind), end


def _of_percent(tokens: list[Token], at: int) -> tuple[Token, int] | None:
    """ "half a percent", "three quarters of a percent", "a percent"."""
    token = tokens[at]
    count, end = 1.0, at
    if token.kind == "number" and _text(tokens, at + 1) in ("quarters", "thirds", "quarter"):
        count, end = token.value, at + 1
    elif token.text in ("a", "one") and _text(tokens, at + 1) in _PARTS:
        end = at + 1
    part = _PARTS.get(_text(tokens, end))
    if part is not None:
        end += 1
        end += _text(tokens, end) == "of"
        end += _text(tokens, end) in ("a", "one")
        if _text(tokens, end) in _PERCENT:
            return replace(_made(token, tokens[end], count * part), kind="percent"), end + 1
        if end < len(tokens) and tokens[end].kind == "percent" and tokens[end].text == "one percent":
            return replace(_made(token, tokens[end], count * part), kind="percent"), end + 1
        return None
    if token.text == "a" and _text(tokens, at + 1) in ("percent", "pct") and _text(tokens, at + 2) not in _NO_SIZE:
        return replace(_made(token, tokens[at + 1], 1.0), kind="percent"), at + 2
    return None


def _with_unit(token: Token, tokens: list[Token], at: int) -> tuple[Token, int]:
    """The number with what stands behind it: times, percent, hours."""
    text = _text(tokens, at)
    if token.kind != "number":
        return token, at
    if text in _TIMES:
        return replace(token, kind="multiple", end=tokens[at].end), at + 1
    if text in _PERCENT:
        return replace(token, kind="percent", end=tokens[at].end), at + 1
    minutes = token.value * _MINUTES.get(UNITS.get(text, ""), 0)
    if minutes and minutes == int(minutes) and len(text) > 1 and not text.endswith("ly"):
        return span_of(int(minutes), "m", f"{token.text} {text}", token.start, tokens[at].end), at + 1
    return token, at
