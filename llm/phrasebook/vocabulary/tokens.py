"""From a sentence to tokens that remember where they stood in it.

1. `normalise` maps every character to one plain character, so offsets stay those of the sentence.
2. `tokenise` cuts words, numbers, percentages, multiples ("2x"), time spans ("15m", "4-hour", "h4") and
   signs.
3. Number words become numbers ("three", "twice"), and a number before a time unit becomes a span.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "number", "percent", "multiple", "span", "sign"]

MINUTE_MS = 60_000
UNIT_MS: dict[str, int] = {"m": MINUTE_MS, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
# The intervals a strategy may have, finest first, with their length in ms.
INTERVALS: dict[str, int] = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "8h": 28_800_000,
    "12h": 43_200_000,
    "1d": 86_400_000,
    "3d": 259_200_000,
    "1w": 604_800_000,
}

_PLAIN = {
    "’": "'",
    "‘": "'",
    "`": "'",
    "“": '"',
    "”": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "‑": "-",
    "×": "x",
    "•": ";",
    "\n": ";",
    "\r": ";",
    "_": " ",
    "≥": "≥",
    "≤": "≤",
}
UNITS = {
    "m": "m",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "mn": "m",
    "mns": "m",
    "h": "h",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "hourly": "h",
    "hrly": "h",
    "d": "d",
    "day": "d",
    "days": "d",
    "daily": "d",
    "w": "w",
    "wk": "w",
    "wks": "w",
    "week": "w",
    "weeks": "w",
    "weekly": "w",
}
_ONES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
""".split()
_TENS = {word: 10 * at for at, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_NUMBER_WORDS = (
    {word: at for at, word in enumerate(_ONES)}
    | _TENS
    | {
        "hundred": 100,
        "dozen": 12,
    }
)
_MULTIPLE_WORDS = {
    "twice": 2.0,
    "double": 2.0,
    "doubled": 2.0,
    "twofold": 2.0,
    "triple": 3.0,
    "tripled": 3.0,
    "thrice": 3.0,
    "threefold": 3.0,
    "quadruple": 4.0,
    "fivefold": 5.0,
    "tenfold": 10.0,
}
_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mm": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9}

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_LONG_UNIT = r"(?:mins?|mns?|minutes?|hrs?|hrly|hours?|hourly|days?|daily|wks?|weeks?|weekly)"
# Larger numbers mean nothing here, and floats would lose their digits.
_MAX_NUMBER = 1e15
_SCANNER = re.compile(
    rf"""
      (?P<odd>{_NUMBER}[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u215e\u2460-\u2473]+)
    | (?P<scientific>{_NUMBER}e[-+]?\d+(?:%|x\b)?)
    | (?P<money>\$\s*{_NUMBER}(?:\s*(?:k|thousand|mm?|million|bn?|billion)(?![a-z]))?)
    | (?P<large>{_NUMBER}(?:k|\s+(?:thousand|million|billion))(?![a-z]))
    | (?P<percent>[-+]?{_NUMBER}\s*(?:%(?!\s*[kdbr]\b)|percent(?![a-z])|per\scent(?![a-z])|pct(?![a-z])))
    | (?P<multiple>{_NUMBER}(?:\s*(?:x(?!-(?:up|down|over|under))|times)|-?fold)(?![a-z]))
    | (?P<part>(?:half|quarter)(?:[ -]of)?(?:[ -]an)?[ -]hour(?:ly)?(?![a-z])|half[ -](?:a[ -])?day(?![a-z]))
    | (?P<span>\d{{1,4}}(?!\s(?:hourly|hrly|daily|weekly))
        (?:[ -]?{_LONG_UNIT}|-?[mhdw]|\s[hm](?=\s(?:chart|candle|bar|time|tf)))(?![a-z0-9]))
    | (?P<turned>(?:m|h|d|w)\d{{1,3}}(?![a-z0-9]))
    | (?P<number>{_NUMBER})
    | (?P<word>%\s?[kdbr](?![a-z])|\+di(?![a-z])|-di(?![a-z])|di[+-]|[a-z]+(?:'[a-z]+)*)
    | (?P<sign><=|>=|==|≥|≤|<|>|=|\S)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the sentence; `start` and `end` are offsets into the sentence as written.

    `value` is the number, the percentage in percent, the multiple, or the span's length in ms.
    """

    kind: TokenKind
    text: str
    value: float
    start: int
    end: int
    count: int = 0
    unit: str = ""

    @property
    def interval(self) -> str | None:
        """The interval label a span stands for, or None where no such interval exists."""
        return label_of(int(self.value)) if self.kind == "span" else None


def label_of(length_ms: int) -> str | None:
    """The interval of exactly `length_ms`, or None."""
    return next((label for label, length in INTERVALS.items() if length == length_ms), None)


def largest_divisor(length_ms: int) -> str:
    """The coarsest interval that fits a whole number of times into `length_ms`."""
    fitting = [label for label, length in INTERVALS.items() if length_ms % length == 0]
    return fitting[-1] if fitting else "1m"


def normalise(sentence: str) -> str:
    """Lower-case plain text of the same length as `sentence`."""
    out = []
    for character in sentence:
        plain = _PLAIN.get(character, character)
        folded = unicodedata.normalize("NFKC", plain).lower()
        if folded.isdecimal() and not plain.isdecimal():
            # A raised or circled digit is no digit of the number before it.
            folded = plain
        elif folded.isdecimal():
            # Other scripts' digits count as ours: ٣ is 3.
            folded = str(unicodedata.decimal(folded))
        out.append(folded if len(folded) == 1 else plain if len(plain) == 1 else " ")
    return "".join(out)


def tokenise(sentence: str) -> list[Token]:
    """All tokens of `sentence`, in order. Hyphens inside words separate, other dashes are commas."""
    whole = normalise(sentence)
    # What nobody sees (zero-width spaces, marks of direction) does not cut a word or a number.
    places = [at for at, character in enumerate(whole) if unicodedata.category(character) != "Cf"]
    text = "".join(whole[at] for at in places)
    tokens: list[Token] = []
    for match in _SCANNER.finditer(text):
        kind, piece = str(match.lastgroup), match.group()
        start, end = places[match.start()], places[match.end() - 1] + 1
        if kind == "sign" and piece == "-":
            glued = (
                text[max(match.start() - 1, 0) : match.start()].isalnum()
                and text[match.end() : match.end() + 1].isalnum()
            )
            if not glued:
                tokens.append(Token("sign", "-", 0.0, start, end))
            continue
        month = kind == "span" and piece in ("1m", "12m") and sentence[end - 1] == "M" and sentence != sentence.upper()
        token = Token("sign", piece, 0.0, start, end) if month else _token(kind, piece, start, end)
        if abs(token.value) > _MAX_NUMBER:
            token = Token("sign", piece, 0.0, start, end)
        tokens.append(token)
    return _merge(tokens)


def _token(kind: str, piece: str, start: int, end: int) -> Token:
    if kind in ("money", "large"):
        digits = re.search(_NUMBER, piece)
        assert digits is not None
        tail = piece[digits.end() :].strip()
        return Token("number", piece, _number(digits.group()) * _SCALE.get(tail, 1.0), start, end)
    if kind == "scientific":
        plain = piece.rstrip("%x")
        form: TokenKind = "percent" if piece.endswith("%") else "multiple" if piece.endswith("x") else "number"
        return Token(form, piece, float(plain.replace(",", "")), start, end)
    if kind == "percent":
        negative = piece.startswith("-")
        digits = re.search(_NUMBER, piece)
        assert digits is not None
        value = _number(digits.group())
        return Token("percent", piece, -value if negative else value, start, end)
    if kind == "multiple":
        digits = re.match(_NUMBER, piece)
        assert digits is not None
        return Token("multiple", piece, _number(digits.group()), start, end)
    if kind == "part":
        if piece.endswith("day"):
            return span_of(12, "h", piece, start, end)
        return span_of(15 if piece.startswith("quarter") else 30, "m", piece, start, end)
    if kind == "span":
        count = int(re.match(r"\d+", piece).group())  # type: ignore[union-attr]
        return span_of(count, UNITS[piece.lstrip("0123456789 -")], piece, start, end)
    if kind == "turned":
        return span_of(int(piece[1:]), piece[0], piece, start, end)
    if kind == "number":
        return Token("number", piece, _number(piece), start, end)
    if kind == "word":
        word = piece.replace(" ", "")
        if word in _MULTIPLE_WORDS:
            return Token("multiple", word, _MULTIPLE_WORDS[word], start, end)
        if word in _NUMBER_WORDS:
            return Token("number", word, float(_NUMBER_WORDS[word]), start, end)
        return Token("word", word, 0.0, start, end)
    return Token("sign", piece, 0.0, start, end)


def spelt(token: Token, word: str) -> Token:
    """The token with its spelling mended: "twise" is the multiple "twice"."""
    return _token("word", word, token.start, token.end)


def _merge(tokens: list[Token]) -> list[Token]:
    """Join what only makes sense together: "three times", "five minutes", "twenty five", "five percent", "- 2"."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        if last is not None and last.kind == "number" and last.text.replace(" ", "").isalpha():
            joined = _spelled(last, token)
            if joined is not None:
                out[-1] = joined
                continue
        if token.text == "hundred" and last is not None and last.text == "a":
            out[-1] = Token("number", "a hundred", 100.0, last.start, token.end)
            continue
        negative = (
            last is not None
            and last.text == "-"
            and token.kind == "number"
            and last.end == token.start
            and (len(out) < 2 or out[-2].kind in ("word", "sign"))
        )
        if negative and last is not None:
            out[-1] = Token("number", f"-{token.text}", -token.value, last.start, token.end)
            continue
        out.append(token)
    return out


def _spelled(last: Token, token: Token) -> Token | None:
    """What a number in words and the token behind it make together, None where they stay two."""
    text = f"{last.text} {token.text}"
    if token.kind == "word" and token.text in UNITS and len(token.text) > 1:
        return span_of(int(last.value), UNITS[token.text], text, last.start, token.end)
    if token.kind == "word" and token.text in ("times", "fold", "percent"):
        kind: TokenKind = "percent" if token.text == "percent" else "multiple"
        return Token(kind, text, last.value, last.start, token.end)
    if token.kind != "number" or not token.text.isalpha():
        return None
    ones = last.text.split()[-1] in _TENS and 1 <= token.value <= 9
    if ones or (token.value == 100 and 1 <= last.value <= 19):
        value = last.value + token.value if ones else last.value * 100
        return Token("number", text, value, last.start, token.end)
    return None


def span_of(count: int, unit: str, piece: str, start: int, end: int) -> Token:
    """A time of `count` units ("m", "h", "d", "w")."""
    return Token("span", piece, float(count * UNIT_MS[unit]), start, end, count, unit)


def _number(digits: str) -> float:
    plain = digits.replace(",", "")
    return float(plain) if len(plain) <= 24 else float("inf")
