"""The words the phrasebook knows: each phrase with its categories and values.

"relative strength index" is an `indicator` with the value `rsi`, "breaks above" a `cross` with the value
`up`. A phrase may have several readings ("falling" is a state, a move and a colour); the parser asks for
the category it expects, and the longest phrase of that category wins. Words that carry no meaning of their
own are filler; all others are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from llm.phrasebook.vocabulary.indicators import PHRASES
from llm.phrasebook.vocabulary.tokens import Token
from llm.phrasebook.vocabulary.words import ROWS


def _verb(stem: str, *more: str) -> tuple[str, ...]:
    """A verb's forms: regular endings unless others are given."""
    if more:
        return (stem, *more)
    base = stem[:-1] if stem.endswith("e") else stem
    third = f"{stem}es" if stem.endswith(("s", "sh", "ch", "x")) else f"{stem}s"
    return (stem, third, f"{base}ed", f"{base}ing")


_CROSS = (
    *_verb("cross"),
    *("crossover", "crossovers", "x", "xs"),
    *_verb("break", "breaks", "broke", "broken", "breaking"),
    *_verb("go", "goes", "went", "gone", "going"),
    *_verb("get", "gets", "got", "getting"),
    *_verb("move"),
    *_verb("come", "comes", "came", "coming"),
    *_verb("turn"),
    *_verb("slip", "slips", "slipped", "slipping"),
    *_verb("push"),
    *_verb("flip", "flips", "flipped", "flipping"),
    *_verb("pass"),
    *_verb("return"),
    *_verb("cut", "cuts", "cutting"),
)
_RISE = (
    *_verb("rise", "rises", "rose", "risen", "rising"),
    *_verb("climb"),
    *_verb("jump"),
    *_verb("pop", "pops", "popped", "popping"),
    *_verb("rally", "rallies", "rallied", "rallying"),
    *_verb("gain"),
    *_verb("increase"),
    *_verb("pump"),
    *_verb("surge"),
    *_verb("spike"),
    *_verb("bounce"),
    *_verb("recover"),
    *_verb("grow", "grows", "grew", "grown", "growing"),
)
_FALL = (
    *_verb("fall", "falls", "fell", "fallen", "falling"),
    *_verb("drop", "drops", "dropped", "dropping"),
    *_verb("dip", "dips", "dipped", "dipping"),
    *_verb("sink", "sinks", "sank", "sunk", "sinking"),
    *_verb("decline"),
    *_verb("lose", "loses", "lost", "losing"),
    *_verb("dump"),
    *_verb("crash"),
    *_verb("decrease"),
    *_verb("slide", "slides", "slid", "sliding"),
    *_verb("pull back", "pulls back", "pulled back", "pulling back"),
)
_STAY = (
    *_verb("stay"),
    *_verb("remain"),
    *_verb("hold", "holds", "held", "holding"),
    *_verb("trade", "trades", "traded", "trading"),
    *_verb("sit", "sits", "sat", "sitting"),
    *_verb("keep", "keeps", "kept", "keeping"),
    *_verb("print"),
    *_verb("stand", "stands", "stood", "standing"),
    *_verb("appear"),
    *_verb("chill"),
    *_verb("hang", "hangs", "hung", "hanging"),
    *("chillin", "living", "vibing", "camping", "finishes", "finished", "ends", "ended", "settles", "settled"),
    *("been", "has been", "has stayed", "has remained", "has held", "have been", "have stayed", "closed", "has closed"),
)
_BREAK = _verb("break", "breaks", "broke", "breaking")
_UPWARD = ("up", "upward", "upwards", "to the upside", "back up", "again up", "back to the upside")
_DOWNWARD = ("down", "downward", "downwards", "to the downside", "back down", "again down", "back to the downside")
_UP = (
    "above",
    "over",
    "back above",
    "back over",
    "up through",
    "up over",
    "up above",
    "higher than",
    "upward through",
    "back up through",
    "back up over",
    "back up above",
    "back through from below",
    "up past",
    "upwards through",
    "up thru",
)
_DOWN = (
    "below",
    "under",
    "beneath",
    "back below",
    "back under",
    "down through",
    "down below",
    "lower than",
    "back down through",
    "back down below",
    "back down under",
    "down under",
    "down past",
    "downwards through",
    "downward through",
)


def _joined(verbs: Iterable[str], places: Iterable[str]) -> list[str]:
    return [f"{verb} {place}" for verb, place in product(verbs, places)]


# Rows made of verbs and places.
_BUILT: list[tuple[str, str, Iterable[str]]] = [
    ("cross", "up", (*_joined((*_CROSS, *_RISE), _UP), *_verb("reclaim"))),
    ("cross", "up", _joined((*_verb("cross"), "x", "xs"), _UPWARD)),
    (
        "cross",
        "up",
        ("crossing over", "crosses bullishly", *_joined(("break", "breaks", "broke"), ("out above",))),
    ),
    ("cross", "down", (*_joined((*_CROSS, *_FALL), _DOWN), *_joined((*_verb("cross"), "x", "xs"), _DOWNWARD))),
    ("cross", "up", _joined(_RISE, ("through", "past"))),
    ("cross", "down", _joined(_FALL, ("through", "past"))),
    (
        "cross",
        "down",
        (
            "crossunder",
            "crosses bearishly",
            *_verb("undercut", "undercuts", "undercutting"),
            "loses",
            "lost",
            "losing",
            "lose",
            *_joined(("break", "breaks", "broke"), ("down below",)),
        ),
    ),
    (
        "cross",
        "any",
        (
            *_verb("cross"),
            "crossover",
            "crossovers",
            "crosses through",
            "crossing through",
            "cross through",
            "crossed through",
            "x",
            "xs",
        ),
    ),
    ("compare", ">", _joined(_STAY, ("above", "over"))),
    ("compare", "<", _joined(_STAY, ("below", "under", "beneath"))),
    ("cross", "break", (*_joined(_BREAK, ("", "through", "past", "out of", "to")), "clears")),
    (
        "touch",
        "",
        (
            *_verb("touch"),
            *_verb("reach"),
            *_verb("pierce"),
            "tag",
            "tags",
            "tagged",
            "hit",
            "hits",
            "hitting",
        ),
    ),
    ("touch", "", _joined(("wicks",), ("into", "below", "above"))),
    ("touch", "", _joined((*_verb("reach"), *_verb("come", "comes", "came", "coming")), ("down to", "up to", "to"))),
    ("move", "up", (*_RISE, "up", "higher", "appreciates", "up by")),
    ("move", "down", (*_FALL, "down", "lower", "down by")),
    ("pause", "", (",", ";", ".", ":", "-", "/", "!", "?")),
    ("or", "", ("or", "or else", "||", "|", "or when", "or if")),
]

_FILLER = frozenset(
    """
    $ a about again alert all already also an and/or any anything appears are as asset assets at be been
    being both by can candle candles catch chart charts coin coins crypto cryptocurrencies cryptos
    coin's symbol's pair's token's current currently did do does dollar dollars each everything how enter entries
    entry every filter find for forming
    forms from get give goes good had happens has have having i i'd i'm idea indicator into is it it's
    its just let let's lets level levels lies like line look looking make makes market may me might
    moment must my need needs nice notify now occurs of ones only opportunities opportunity out own pair
    pairs please possible price's reading right rule rules s same scalp scalps scalping scan
    screen screening search see seeing setup
    setups should show side signal signals sits sitting so something still strategies strategy symbol
    symbols take tell than that the their them then there there's these they this those to token tokens
    too trade trades trading up-side us usd usdt value values very want was we were what when's which
    who whose will would you
    """.split()
)

_INDEX: dict[tuple[str, ...], list[tuple[str, str]]] = {}
_LONGEST = 1
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
_DIGIT = re.compile(r"([a-z])(\d)")


def _split(phrase: str) -> list[str]:
    """A phrase's words as a sentence is cut: "t3" is "t 3", "a/d" is "a / d"."""
    return _DIGIT.sub(r"\1 \2", _HYPHEN.sub(" ", phrase)).replace("/", " / ").split()


def learn(rows: Iterable[tuple[str, str, Iterable[str]]]) -> None:
    """Add phrases: each row is a category, a value and its phrases. A phrase is split into words as a sentence is."""
    global _LONGEST
    for category, value, phrases in rows:
        for phrase in phrases:
            words = tuple(_split(phrase))
            readings = _INDEX.setdefault(words, [])
            if (category, value) not in readings:
                readings.append((category, value))
            _LONGEST = max(_LONGEST, len(words))


def learn_text(text: str) -> None:
    """Add phrases written as lines "category value | phrase; phrase"; a line that is indented goes on."""
    rows = []
    for row in text.replace("\n    ", " ").strip().splitlines():
        key, _, phrases = row.partition(" | ")
        category, _, value = key.partition(" ")
        rows.append((category, value, phrases.split("; ")))
    learn(rows)


learn(_BUILT)
learn_text(ROWS)
learn(PHRASES)


def known_words() -> frozenset[str]:
    """Every word of every phrase and filler, learnt ones included."""
    return frozenset(word for phrase in _INDEX for word in phrase) | frozenset(_FILLER)


def is_filler(word: str) -> bool:
    """Whether a word carries no meaning of its own."""
    return word in _FILLER


def phrases_at(tokens: list[Token], start: int) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """The known phrases that begin at token `start`, longest first, as (number of tokens, readings)."""
    words: list[str] = []
    for token in tokens[start : start + _LONGEST]:
        if token.kind in ("span", "percent"):
            break
        words.append(token.text)
    for length in range(len(words), 0, -1):
        found = _INDEX.get(tuple(words[:length]))
        if found is None:
            # "MACD's histogram" is "MACD histogram".
            found = _INDEX.get(tuple(word.removesuffix("'s") for word in words[:length]))
        if found:
            yield length, found
