"""A sentence read once: prepared, walked through, and what was left over told."""

from __future__ import annotations

from functools import lru_cache

from llm.phrasebook.conditions.interval_lists import unusable_intervals
from llm.phrasebook.meaning.types import Direction
from llm.phrasebook.preparing.prepare import MAX_TOKENS, prepare
from llm.phrasebook.reading.reader import MAX_EFFORT, Reader
from llm.phrasebook.sentences.headings import read_heading
from llm.phrasebook.sentences.leftover import left_over
from llm.phrasebook.sentences.sentence import Sentence
from llm.phrasebook.sentences.walker import Walker

TANGLED = "too tangled"


@lru_cache(maxsize=128)
def read_sentence(
    sentence: str, symbols: frozenset[str] = frozenset(), limit: int = MAX_EFFORT, of: Direction | None = None
) -> Sentence:
    """Read `sentence` in about `limit` steps at most; `symbols` (BTCUSDT, ...) are names that may be mentioned.

    `of` is the direction of the strategy that the sentence is a part of: its entry may stand elsewhere.
    Never raises on any text. Several steps ask for the same sentence: what was read is not to be changed.
    """
    notes: list[str] = []
    tokens, clauses, cut = prepare(sentence, symbols, notes.append)
    r = Reader(tokens, symbols=symbols, notes=notes, limit=limit)
    out = Sentence(direction=of, units={int(token.value): token.unit for token in tokens if token.kind == "span"})
    used = [False] * len(tokens)
    walker = Walker(r, out, sentence, used, [clause.start for clause in clauses], partial=of is not None)
    out.heading = read_heading(r, sentence)
    used[: r.position] = [True] * r.position
    while not r.done and not r.exhausted:
        walker.step()
    unread = "" if r.done else " ".join(sentence[r.tokens[r.position].start :].split())[:200]
    walker.finish()
    out.unusable = unusable_intervals(sentence, r, used)
    out.left_over, talk = left_over(sentence, r, used)
    for words in talk:
        r.note(f"Taken as talk, not as a part of the rule: “{words[:120]}”.")
    for clause in clauses:
        words = " ".join(sentence[clause.start : clause.end].split())[:200].strip(" .,;:")
        out.left_over.append(words)
        r.note(f"“{words[:120]}” was left out: {clause.reason}.")
    if unread:
        out.left_over.append(unread)
        r.note(f"This is {TANGLED}: it was read up to “{unread[:60]}”.")
    out.notes = list(dict.fromkeys(r.notes))
    out.effort = r.effort
    if cut:
        out.left_over.append(f"everything after the first {MAX_TOKENS} words")
    return out
