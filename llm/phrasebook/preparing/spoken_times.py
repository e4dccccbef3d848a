"""Times of day as they are spoken: "half past nine", "a quarter to four", "nine o'clock", "four in the afternoon"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import Token

_PARTS = {"half": 30, "quarter": 15}
_HALVES = {"morning": "am", "afternoon": "pm", "evening": "pm"}


def spoken_times(tokens: list[Token]) -> list[Token]:
    """The tokens with each spoken time of day as a clock shows it, "9:30"."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        found = _past(tokens, at) or _whole(tokens, at)
        if found is None:
            out.append(tokens[at])
            at += 1
            continue
        minutes, end = found
        half, end = _half(tokens, end)
        if half == "pm" and minutes < 12 * 60:
            minutes += 12 * 60
        first, last = tokens[at], tokens[end - 1]
        hour, minute = divmod(minutes % (24 * 60), 60)
        number = replace(first, kind="number", text=f"{hour:02}", value=float(hour), end=last.end, count=0, unit="")
        colon = replace(number, kind="sign", text=":", value=0.0)
        out.extend((number, colon, replace(number, text=f"{minute:02}", value=float(minute))))
        at = end
    return out


def _hour(tokens: list[Token], at: int) -> int | None:
    token = tokens[at] if at < len(tokens) else None
    whole = token is not None and token.kind == "number" and token.value == int(token.value) and 0 <= token.value <= 24
    return int(token.value) if whole and token is not None else None


def _past(tokens: list[Token], at: int) -> tuple[int, int] | None:
    """ "half past nine", "quarter to four", "ten past two": minutes since midnight and where it ends."""
    start = at + (tokens[at].text == "a")
    first = tokens[start] if start < len(tokens) else None
    side = tokens[start + 1].text if start + 1 < len(tokens) else ""
    hour = _hour(tokens, start + 2)
    if first is None or hour is None or side not in ("past", "to"):
        return None
    part = _PARTS.get(first.text)
    if part is None and side == "past" and first.kind == "number" and first.text.isalpha() and 0 < first.value < 60:
        part = int(first.value)
    if part is None:
        return None
    return (hour * 60 + part if side == "past" else hour * 60 - part), start + 3


def _whole(tokens: list[Token], at: int) -> tuple[int, int] | None:
    """ "nine o'clock", "four in the afternoon"."""
    hour = _hour(tokens, at)
    if hour is None:
        return None
    texts = [token.text for token in tokens[at + 1 : at + 4]]
    if texts[:1] == ["o'clock"]:
        return hour * 60, at + 2
    if texts[:2] == ["in", "the"] and texts[2:] and texts[2] in _HALVES:
        return hour * 60, at + 1
    return None


def _half(tokens: list[Token], at: int) -> tuple[str, int]:
    texts = [token.text for token in tokens[at : at + 3]]
    if texts[:2] == ["in", "the"] and texts[2:] and texts[2] in _HALVES:
        return _HALVES[texts[2]], at + 3
    return ("pm" if texts[:2] == ["at", "night"] else ""), at + (2 if texts[:2] == ["at", "night"] else 0)
