"""Where a program says something else than its sentence, though indicators and numbers are the same.

1. The sentence is read by the offline translator (`readings`) and the program taken apart (`claims`).
2. Claims that mean the same are set aside (`alike`); of the rest, a claim of the sentence goes with the claim of the
   program that is about the same thing: turned round, a cross for a state, another window, another interval, numbers
   in each other's places.
3. Where all of the sentence was read, how the claims hang together (all or any) and the stop and target are compared.

A claim of the sentence without any like it in the program is the other checks' to tell.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, Literal, NamedTuple

from llm.checks.alike import ALL_ONE, alike, worth
from llm.checks.claims import Claim, Claims, Joined, placeless
from llm.checks.readings import Reading, Words
from llm.checks.sources import other_source
from llm.checks.syntax import constant
from llm.checks.unused import meanings

Ends = Literal["stop", "target"]
Kind = Literal[
    "turned", "event", "window", "place", "side", "field", "average", "candle", "numbers", "joined", "stop", "target",
    "exit",
]  # fmt: skip

_CROSSING: Final = re.compile(
    r"\bx\b|\b(?:cross|corss|break|broke|reclaim|flip|turn|mov|ris|rose|fall|fell|drop|go|get|come|came|push|climb|dip|slip|"
    r"retak|los[et]|reject|back|just|cut|through|pierc|pop|rip|dump)"
)
_CROSS_SAID: Final = re.compile(
    r"\bcross(?:es|ed|ing|over|under)?\b|\bx(?:es|ed)?\b|\b(?:flip|turn|reclaim)\w*\b|\bcorss\w*"
)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_LEAVING: Final = re.compile(
    r"\b(?:exit|close (?:it|the)|leave|get out|sell|cover|stop|sl|target|tp|take)\b[^.;\n]*", re.I
)
_STOPPING: Final = {
    "stop": re.compile(r"\b(?:stop(?:[ -]?loss)?|sl)\b", re.IGNORECASE),
    "target": re.compile(r"\b(?:target|take[ -]?profits?|tp)\b", re.IGNORECASE),
}
_DENIED: Final = re.compile(r"\b(?:not?|never|without|unless|except|neither|nor|instead)\b|n't\b|n’t\b", re.IGNORECASE)
_TWICE: Final = re.compile(r"\bno (?:lower|higher|more|less|further|worse|better)\b", re.IGNORECASE)
_BEFORE: Final = 40
_BEHIND: Final = 25
_LOOSE: Final = re.compile(
    r"""(?:tf\((['"])\w+\1\)\.)(?=(?:open|high|low|close|volume)\b|vwap\()|(?<![\w.])ta\.(?=vwap\()"""
)
_PAIRS: Final = (
    "upper lower", "highest lowest", "high low", "plus minus", "plus_di minus_di", "up down", "bullish bearish",
    "bullish_divergence bearish_divergence", "hammer shooting_star", "morning_star evening_star",
)  # fmt: skip
_ORS: Final = re.compile(r"\bor\b|\beither\b|\bany\b|\bunless\b|\bexcept\b|\bat least \w+ of\b|[|/]", re.IGNORECASE)
_GROUPED: Final = re.compile(r"\(\s*[a-z]|\beither\b", re.IGNORECASE)
_SIDES: Final = dict(pair.split()[::-1] for pair in _PAIRS)
_BOTH: Final = frozenset(("bullish", "bearish"))
"""A pattern's own side may be left unsaid."""
_MANY: Final = 10
_MOST: Final = 1_000


class Difference(NamedTuple):
    """`words` of the sentence (from `start` to `end`), what they say as code, and what the program says instead."""

    kind: Kind
    words: str
    start: int
    end: int
    asked: str
    said: str


def differences_of(reading: Reading, program: Claims) -> Iterator[Difference]:
    """What of a reading the program says otherwise."""
    told = [row for row in reading.rows if reading.whole or _plain(row, reading.sentence)]
    rows = {claim.text: row for row in told for claim in (*row.denied, *row.claims)}
    pairs = yield from _compared(reading.claims.entry, program.entry, rows)
    yield from _joins(reading, program, pairs, rows)
    words = _words(_LEAVING, reading.sentence)
    if reading.claims.exit and program.exit and words is not None:
        leaving = {claim.text: words for claim in reading.claims.exit}
        pairs = yield from _compared(reading.claims.exit, program.exit, leaving)
        yield from _exits_joined(reading, program, pairs, words)
    elif reading.claims.exit_joined is not None and not program.exit and words is not None:
        asked = _shown(reading.claims.exit_joined, {n: claim.text for n, claim in enumerate(reading.claims.exit)})
        yield Difference("exit", words.words, words.start, words.end, asked, "")
    yield from _places(reading, program)


def unmatched(reading: Reading, program: Claims) -> tuple[list[Words], list[Claim]]:
    """Words of a reading whose claims the program does not have in the same form, and the program's further claims: of
    neither is it known whether the other says it."""
    rows = {claim.text: row for row in reading.rows for claim in (*row.denied, *row.claims)}
    everything = Words(reading.sentence, 0, len(reading.sentence), (), reading.sentence)
    leaving = _words(_LEAVING, reading.sentence) or everything
    words: list[Words] = []
    further: list[Claim] = []
    for asked, said, trees in (
        (reading.claims.entry, program.entry, (reading.claims.joined, program.joined)),
        (reading.claims.exit, program.exit, (reading.claims.exit_joined, program.exit_joined)),
    ):
        pairs, left, free = _paired(asked, said) if len(asked) * len(said) <= _MOST else ({}, range(len(asked)), [])
        words += [rows.get(asked[at].text, leaving) for at in left]
        further += [said[n] for n in free]
        if not left and _joined_otherwise(*trees, pairs, grouped=True) is not None:
            words.append(everything)
    for kind, place, other in _ends(reading, program):
        found = _words(_STOPPING[kind], reading.sentence)
        if found is not None and _text(place) != _text(other):
            words.append(found)
    return words, further


def _plain(row: Words, sentence: str) -> bool:
    """Whether nothing around a condition may turn it round, of a sentence of which some words were not read."""
    around = f"{sentence[max(0, row.start - _BEFORE) : row.start]} {sentence[row.end : row.end + _BEHIND]}"
    return row.alone and row.end > 0 and _DENIED.search(around) is None and all(c.kind != "other" for c in row.claims)


def _compared(
    asked: Sequence[Claim], said: Sequence[Claim], rows: Mapping[str, Words]
) -> Generator[Difference, None, dict[int, int]]:
    """What of `asked` is `said` otherwise; returns which claims are about the same."""
    if len(asked) * len(said) > _MOST:
        return {}
    pairs, left, free = _paired(asked, said)
    for test in (_turned, _event, _window, _place, _side, _source, _numbers):
        for at in list(left):
            row = rows.get(asked[at].text)
            if row is None or _unsure(asked[at], row):
                continue
            for n in free:
                kind = test(asked[at], said[n], row)
                if kind is not None:
                    yield Difference(kind, row.words, row.start, row.end, asked[at].text, said[n].text)
                    pairs[at] = n
                    free.remove(n)
                    left.remove(at)
                    break
    for at in left:
        other = next((n for n in free if _likeness(asked[at], said[n]) == "cross"), None)
        if other is not None:
            pairs[at] = other
            free.remove(other)
    return pairs


def _paired(asked: Sequence[Claim], said: Sequence[Claim]) -> tuple[dict[int, int], list[int], list[int]]:
    """Claims that are the same, by number; and the numbers of the others."""
    pairs: dict[int, int] = {}
    free = list(range(len(said)))
    for exactly in (True, False):
        for at, claim in enumerate(asked):
            if at in pairs:
                continue
            for n in free:
                if _same(claim, said[n], exactly):
                    pairs[at] = n
                    free.remove(n)
                    break
    return pairs, [at for at in range(len(asked)) if at not in pairs], free


def _same(one: Claim, two: Claim, exactly: bool) -> bool:
    if exactly:
        return one.text == two.text
    return _windows_fit(one, two) and _likeness(one, two) == "same"


def _windows_fit(one: Claim, two: Claim) -> bool:
    """Whether the windows are the same; one candle more or less is how people count."""
    return len(one.windows) == len(two.windows) and all(
        a[0] == b[0] and abs(a[1] - b[1]) <= 1 for a, b in zip(one.windows, two.windows, strict=True)
    )


def _likeness(one: Claim, two: Claim) -> str:
    """How what two claims hold is alike, windows left out: "same", "opposite", "cross" (for a state), "other"."""
    if one.low is None or one.high is None or two.low is None or two.high is None:
        if one.inner == two.inner:
            return "same"
        if one.inner == f"not {two.inner}" or two.inner == f"not {one.inner}":
            return "opposite"
        swapped = one.inner.replace("rising(", "falling(") if "rising(" in one.inner else None
        back = two.inner.replace("rising(", "falling(") if "rising(" in two.inner else None
        return "opposite" if two.inner == swapped or one.inner == back else "other"
    found = alike(one.low, one.high, two.low, two.high)
    if found == "other" or one.kind == two.kind:
        return found
    return "cross" if found == "same" else "other"


def _turned(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """Below for above."""
    return "turned" if _likeness(claim, other) == "opposite" else None


def _unsure(claim: Claim, row: Words) -> bool:
    """Whether the words turn twice ("no lower than 10 % under"), or it is a bound of "between" two series, of
    which nobody says which is the upper one."""
    if _TWICE.search(row.words):
        return True
    sides = (claim.low, claim.high)
    bounded = any(side is not None and constant(side) is not None for side in sides)
    return "between" in row.words.lower() and len(row.claims) == 2 and not bounded


def _event(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """Being above for crossing, or the other way round, where the words can mean only one of both."""
    if _likeness(claim, other) != "cross" or not _windows_fit(claim, other):
        return None
    words = row.around.lower()
    plain = _CROSS_SAID.search(words) if claim.kind == "cross" else words and not _CROSSING.search(words)
    return "event" if plain else None


def _window(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """The same on other candles: within N for the last one, for N candles instead of once within N."""
    # A window that only the program has is told by its number.
    return "window" if claim.windows and _likeness(claim, other) == "same" else None


def _place(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """The same of another interval or symbol. The price may be the newest, or the one of the indicator's candles."""
    one, two = _LOOSE.sub("", claim.inner), _LOOSE.sub("", other.inner)
    same = placeless(one) == placeless(two) and one != two
    return "place" if same and claim.kind == other.kind and _windows_fit(claim, other) else None


def _side(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """The upper for the lower one, a bearish pattern for a bullish one."""
    if claim.names == other.names or claim.numbers != other.numbers or not _windows_fit(claim, other):
        return None
    one, two = ({_SIDES.get(name, name) for name in names} - _BOTH for names in (claim.names, other.names))
    return "side" if one == two else None


def _source(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """The open for the close, an exponential average for a simple one, the candle before for this one."""
    return other_source(claim, other, row.words, row.around) if _windows_fit(claim, other) else None


def _numbers(claim: Claim, other: Claim, row: Words) -> Kind | None:
    """The same things compared with the numbers in other places, or with another number than the one said."""
    if claim.names != other.names or placeless(claim.inner) == placeless(other.inner):
        return None
    if _likeness(claim, other) == "same" or _counts(claim) or _counts(other):
        return None
    if claim.numbers == other.numbers:
        return "numbers"
    said = {round(form, 9) for text in _NUMBER.findall(row.words) for form in meanings(float(text))}
    # Which candle a value is of is no number of the sentence's.
    return "numbers" if any(n in said and n not in (1, *other.numbers) for n in claim.numbers) else None


def _counts(claim: Claim) -> bool:
    """Whether it counts conditions, each of which may be written in many ways."""
    return re.search(r"\b(?:count|breadth|barssince|valuewhen|sum)\(", claim.inner) is not None


def _joins(
    reading: Reading, program: Claims, pairs: Mapping[int, int], rows: Mapping[str, Words]
) -> Iterator[Difference]:
    """All for any, or the other way round."""
    claims = reading.claims.entry
    joined = _joined_otherwise(
        reading.claims.joined, program.joined, pairs, _GROUPED.search(reading.sentence) is not None
    )
    if joined is None:
        return
    places = [row for at in pairs if (row := rows.get(claims[at].text)) is not None and row.end]
    # Where nothing says "or", all is meant, whatever else was not understood.
    anyway = _words_of(joined[0]) == {"and"} and _ORS.search(reading.sentence) is None
    start, end = (0, len(reading.sentence)) if len(places) < 2 else _around(places)
    words = reading.sentence[start:end]
    if reading.whole or anyway or (len(places) == len(pairs) and _told(words, joined[0])):
        texts = {at: claims[at].text for at in pairs}
        yield Difference("joined", words, start, end, *(_shown(tree, texts) for tree in joined))


def _around(places: Sequence[Words]) -> tuple[int, int]:
    return min(row.start for row in places), max(row.end for row in places)


def _exits_joined(reading: Reading, program: Claims, pairs: Mapping[int, int], words: Words) -> Iterator[Difference]:
    joined = _joined_otherwise(reading.claims.exit_joined, program.exit_joined, pairs, grouped=False)
    if joined is not None and reading.whole:
        texts = {at: reading.claims.exit[at].text for at in pairs}
        yield Difference("joined", words.words, words.start, words.end, *(_shown(tree, texts) for tree in joined))


def _joined_otherwise(
    asked: Joined | None, said: Joined | None, pairs: Mapping[int, int], grouped: bool
) -> tuple[Joined, Joined] | None:
    """How the claims of both hang together where that differs. Which belong together where both "and" and "or" are used
    is a question of its own, unless the sentence has groups."""
    one, two = _only(asked, {at: at for at in pairs}), _only(said, {n: at for at, n in pairs.items()})
    if one is None or two is None or not 1 < len(pairs) <= _MANY or _equal(one, two, list(pairs)):
        return None
    mixed = len(_words_of(one)) > 1 and len(_words_of(two)) > 1
    return None if mixed and not grouped else (one, two)


def _told(words: str, joined: Joined) -> bool:
    """Whether words between conditions join them as it was read; a list without any word means all of them."""
    has = _words_of(joined)
    ors = _ORS.search(words) is not None
    ands = re.search(r"\band\b|\bboth\b|\bwhile\b|\bwith\b|&|\+", words, re.IGNORECASE) is not None
    return ors == ("or" in has) and (not ands or "and" in has)


def _only(joined: Joined | None, numbers: Mapping[int, int]) -> Joined | None:
    """A tree with only these claims, under these numbers."""
    if joined is None or isinstance(joined, int):
        return numbers.get(joined) if isinstance(joined, int) else None
    parts = [part for inner in joined[1] if (part := _only(inner, numbers)) is not None]
    return parts[0] if len(parts) == 1 else (joined[0], tuple(parts)) if parts else None


def _equal(one: Joined, two: Joined, numbers: Sequence[int]) -> bool:
    """Whether both trees are true for the same claims."""
    for held in product((False, True), repeat=len(numbers)):
        given = dict(zip(numbers, held, strict=True))
        if _holds(one, given) != _holds(two, given):
            return False
    return True


def _holds(joined: Joined, held: Mapping[int, bool]) -> bool:
    if isinstance(joined, int):
        return held[joined]
    return (all if joined[0] == "and" else any)(_holds(part, held) for part in joined[1])


def _words_of(joined: Joined) -> set[str]:
    if isinstance(joined, int):
        return set()
    return {joined[0]}.union(*(_words_of(part) for part in joined[1]))


def _shown(joined: Joined, texts: Mapping[int, str], top: bool = True) -> str:
    if isinstance(joined, int):
        return texts[joined]
    text = f" {joined[0]} ".join(_shown(part, texts, top=False) for part in joined[1])
    return text if top else f"({text})"


def _places(reading: Reading, program: Claims) -> Iterator[Difference]:
    """A stop or target at another price than the one said, or none where one is said."""
    for kind, asked, said in _ends(reading, program):
        words = _words(_STOPPING[kind], reading.sentence)
        if asked is None or words is None:
            continue
        text = _text(said)
        # From the high or from the close of its candle: people say it in many ways.
        wanted, got = _price(asked), None if said is None else _price(said)
        if said is None:
            differs = True
        elif wanted is None or got is None:
            differs = False
        else:
            differs = abs(wanted - got) > 1e-6 * abs(wanted) or ("trade." in ast.unparse(asked)) > ("trade." in text)
        if differs:
            yield Difference(kind, words.words, words.start, words.end, ast.unparse(asked), text)


def _ends(reading: Reading, program: Claims) -> Iterator[tuple[Ends, ast.expr | None, ast.expr | None]]:
    """The stop and the target, as the sentence and as the program has it."""
    yield "stop", reading.claims.stop, program.stop
    yield "target", reading.claims.target, program.target


def _text(node: ast.expr | None) -> str:
    return "" if node is None else ast.unparse(node)


def _price(node: ast.expr) -> float | None:
    """A stop or target as a price; of the candle before it is nearly the same."""
    return worth(node.value if isinstance(node, ast.Subscript) else node, ALL_ONE)


def _words(pattern: re.Pattern[str], sentence: str) -> Words | None:
    found = pattern.search(sentence)
    return None if found is None else Words(found.group(), found.start(), found.end(), (), found.group())
