"""Where a reading is doubtful: words around a condition that would change what it says.

A condition that breaks off before "of ..." or begins behind "most of" is not the one that was meant, however well its
words fit a form. It is left over with its words, so that nothing runs for what the sentence did not say.
"""

from __future__ import annotations

import re

from llm.phrasebook.conditions.condition import FIRST, FIRST_NOTE, read_condition
from llm.phrasebook.meaning.types import Condition, Formula, operands, placeless, within_operand
from llm.phrasebook.operands.naming import family_of
from llm.phrasebook.reading.reader import Mark, Reader
from llm.phrasebook.vocabulary.common_words import COMMON_WORDS
from llm.phrasebook.vocabulary.indicators import FAMILIES
from llm.phrasebook.vocabulary.lexicon import is_filler

_GOES_ON = frozenset({"of", "than", "what", "versus", "compared", "relative", "closer", "local"})
_GOES_BEFORE = frozenset(
    """
    of than between most some few half nearly almost chasing chased chase ignoring ignored fearing loving hating missed
    missing
    """.split()
)
# Words that stand for the coin whose candles are read, so that what follows them is said of its price.
_STAND_INS = frozenset(
    """
    it that which who they what what's anything everything alt alts coin coins token tokens pair pairs symbol asset
    market these those price candle something thing
    """.split()
)
_PREPOSITIONS = frozenset("on in with at by of for to from during while when if after before and or but".split())
_MAKES = tuple("makes make made making hits hit hitting prints printed sets reaches reached posts at".split())
_OWNERS = frozenset({"candle", "bar", "day", "week", "range"})
_AT_TIMES = frozenset("on only during in at between from after before until except outside within inside while".split())
_ARTICLES = frozenset({"the", "a", "an", "its", "their"})
_SHARE = frozenset("upper lower top bottom middle lowest highest first".split())
_IMPLIED = "Where no subject is named"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_COPULAS = frozenset({"is", "are", "was", "were", "isn't", "aren't", "means", "mean", "works", "work", "fails", "fail"})
_HEDGES = frozenset("just often usually always never really basically simply kind of sort pretty so very".split())
_JUDGED = frozenset(
    """
    overrated underrated dead noise nonsense garbage useless great nice fun hard everything nothing dumb stupid rubbish
    lies magic gambling bullshit bs boring brutal murder poison gold money free trouble
    """.split()
)
# What makes a rule of a condition that was said first: "RSI under 30 is my trigger", "... is a buy".
_CALLS = frozenset(
    """
    buy sell long short longs shorts signal trigger setup entry entries exit filter condition requirement must rule go
    cue moment level value same highest lowest top bottom case first
    """.split()
)
ORDER_WORDS = frozenset({"then", "afterwards", "later", "subsequently"})


def breaks_off(r: Reader) -> bool:
    """Whether the words behind the cursor go on with the condition that was read up to here."""
    ahead = [token.text for token in r.tokens[r.position : r.position + 2]]
    if ahead[:1] == ["of"] and _of_its_candle(r):
        return False
    if _runs_on(r):
        return True
    counted = r.position and r.tokens[r.position - 1].text in ("candles", "bars", "candle", "bar")
    if counted and ahead[:1] and ahead[0] in ("later", "after", "afterwards"):
        return True  # "... max 5 candles after": a time from something to something, and no extreme.
    return _opinion(r) or (
        ahead[:1] != [] and (ahead[0] in _GOES_ON or (ahead[0] == "from" and ahead[1:] in (["its"], ["the"])))
    )


def _runs_on(r: Reader) -> bool:
    """Whether the number just read goes on in letters, "below 3O": it is not the number that was meant."""
    if r.done or not r.position:
        return False
    last, behind = r.tokens[r.position - 1], r.tokens[r.position]
    return (
        last.kind in ("number", "percent")
        and last.end == behind.start
        and behind.kind == "word"
        and len(behind.text) == 1
    )


def _of_its_candle(r: Reader) -> bool:
    """Whether "of a 15 minute candle", "of the bar" stands here: it names the interval of what was said, or nothing."""
    mark = r.mark()
    r.position += 1
    r.word("a", "an", "the", "one", "that", "this", "each", "every", "any", fill=False)
    r.interval(fill=False)
    found = r.word("candle", "bar", "candlestick", fill=False)
    r.reset(mark)
    return found


def _opinion(r: Reader) -> bool:
    """Whether something is thought of what was read up to here: "a golden cross is a classic"."""
    words = [token.text for token in r.tokens[r.position : r.position + 6]]
    if words[:1] == ["often"] or words[:1] == ["usually"]:
        words = words[1:]
    if not words or words[0] not in _COPULAS:
        return False
    said = [word for word in words[1:] if word not in _HEDGES]
    if said[:1] and said[0] in _JUDGED:
        return True
    return len(said) > 1 and said[0] in ("a", "an", "the", "such", "my", "for") and not _CALLS & set(said[1:4])


def begins_late(r: Reader, start: int, used: list[bool]) -> bool:
    """Whether a condition at `start` begins in the middle of what is said: behind an unread "most of", "than"; or as a
    share ("in the upper half of") whose subject was not read."""
    before = start - 1
    while before > 0 and r.tokens[before].text in _ARTICLES:
        before -= 1
    if before < 0 or used[before]:
        return False
    text = r.tokens[before].text
    if text in _GOES_BEFORE and (text != "of" or before > 0):
        return True
    if not behind_unread(r, start, used):
        return False
    if [token.text for token in r.tokens[start : start + 2]] == ["out", "of"]:
        return True
    ahead = [token for token in r.tokens[start : start + 4] if not is_filler(token.text)]
    return len(ahead) > 1 and ahead[0].text == "in" and (ahead[1].text in _SHARE or ahead[1].kind == "percent")


def stands_alone(r: Reader, mark: Mark) -> bool:
    """Whether the condition from `mark` to the cursor names its own subject."""
    end = r.mark()
    notes = list(r.notes)
    r.reset(mark)
    found = read_condition(r, None)
    implied = any(note.startswith(_IMPLIED) for note in r.notes[mark.notes :]) or _handed_on(r, mark.position)
    r.position = end.position
    r.notes[:] = notes
    return found is not None and not implied


def _handed_on(r: Reader, start: int) -> bool:
    """Whether what begins at `start` is said of the unread word before it, not of the price: "whale flow hits a new
    high", "the VIX is down 5%". "I love fresh highs" is talk and a condition."""
    first = start
    while first < r.position - 1 and is_filler(r.tokens[first].text) and r.tokens[first].text not in _STAND_INS:
        first += 1
    unread = start - 1
    while unread >= 0 and (is_filler(r.tokens[unread].text) or r.tokens[unread].text in _MAKES):
        unread -= 1
    between = {token.text for token in r.tokens[unread + 1 : first]}
    if unread < 0 or r.tokens[unread].text in _STAND_INS | _PREPOSITIONS:
        return False
    if between & _STAND_INS or r.tokens[first].text in _STAND_INS:
        return False
    if r.tokens[first].text in ("new", "fresh"):
        return r.tokens[unread].text not in COMMON_WORDS
    mark = r.mark()
    r.position = first
    moves = r.take("move", fill=False) or r.take("versus", fill=False) or r.word(*_MAKES, fill=False)
    r.reset(mark)
    return bool(moves)


def told_aside(r: Reader, start: int, used: list[bool], condition: Condition) -> bool:
    """Whether a time of day or week, or what belongs to a thing, ends what was not understood: "I get wrecked every
    weekend", "over the mother candle's high"."""
    if not behind_unread(r, start, used):
        return False
    at = start
    while at < r.position - 1 and is_filler(r.tokens[at].text):
        at += 1
    first = r.tokens[at].text
    owner = at - 1 if not used[at - 1] and r.tokens[at - 1].text.endswith("'s") else at
    own = r.tokens[owner].text.endswith("'s") and r.tokens[owner].text.removesuffix("'s") in _OWNERS
    if own and owner and not used[owner - 1] and r.tokens[owner - 1].text not in _ARTICLES:
        return True
    timeless = not any(True for _ in placeless(condition)) and not any(True for _ in operands(condition))
    return timeless and first not in _AT_TIMES


def behind_unread(r: Reader, start: int, used: list[bool]) -> bool:
    """Whether a word that was not understood stands right before `start`, past filler."""
    at = start - 1
    while at >= 0 and r.tokens[at].kind == "word" and is_filler(r.tokens[at].text):
        at -= 1
    return at >= 0 and not used[at] and r.tokens[at].kind != "sign"


def says_not(r: Reader, start: int) -> bool:
    """Whether "not" stands at `start`."""
    mark = r.mark()
    r.position = start
    found = r.take("not", fill=False) is not None
    r.reset(mark)
    return found


def any_one(r: Reader, condition: Condition) -> Condition:
    """What ends a trade ends it the first time that it is so: "exit on the first red candle" is on a red candle."""
    if not isinstance(condition, Formula) or condition.template != FIRST:
        return condition
    r.notes[:] = [note for note in r.notes if note != FIRST_NOTE]
    return condition.parts[0]


def note_order(r: Reader, start: int, *, later: bool) -> None:
    """State what became of "then": of one before `start`, which nothing read, or of one in the condition read since."""
    if later:
        r.note("“Then” was not read as an order in time: the conditions hold on the same candle.")
    elif any(token.text in ORDER_WORDS or token.text == "followed" for token in r.tokens[start : r.position]):
        r.note("“Then” was taken to follow the condition right before it; the others hold on the last candle.")


def unsaid_defaults(sentence: str, conditions: list[Condition], notes: list[str]) -> list[str]:
    """What has to be said of indicators with their usual settings, where neither sentence nor notes name these."""
    numbers = {float(text) for text in _NUMBER.findall(sentence)}
    said = " ".join(notes).lower()
    missing: dict[str, None] = {}
    for condition in conditions:
        for operand in operands(condition):
            for part in within_operand(operand):
                family = FAMILIES.get(family_of(part))
                if family is None or not family.usual or part.args != family.usual:
                    continue
                if family.title.lower() not in said and numbers.isdisjoint(family.usual):
                    missing[family.note] = None
    return list(missing)
