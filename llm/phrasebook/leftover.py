"""The words of a sentence that nothing was made of, in phrases; stories around a rule are told from rules."""

from __future__ import annotations

from llm.phrasebook.lexicon import is_filler
from llm.phrasebook.reader import Reader

LIGHT = frozenset(
    """
    on in for over at and or while when whenever if with where but last past within during high low
    using once by plus given , ; . : - / ! ? & ( ) " ' [ ] + first
    """.split()  # noqa: SIM905
)


def left_over(sentence: str, r: Reader, used: list[bool]) -> list[str]:
    """The phrases nothing was made of: runs of unused words, cut at what was used and at punctuation."""
    phrases: list[str] = []
    run: list[int] = []

    def close() -> None:
        heavy = [at for at in run if r.tokens[at].text not in LIGHT and not is_filler(r.tokens[at].text)]
        if heavy:
            first = next(at for at in run if r.tokens[at].text not in LIGHT or r.tokens[at].text in ("high", "low"))
            text = sentence[r.tokens[min(first, heavy[0])].start : r.tokens[heavy[-1]].end]
            phrases.append(" ".join(text.split())[:200])
        run.clear()

    for at, token in enumerate(r.tokens):
        connector = used[at] and token.text in ("and", "or", "when", "while", "if", "with", "but")
        if token.text in (",", ".", ";", "!", "?", ":") or (used[at] and not connector):
            close()
            continue
        if connector and not run:
            continue
        run.append(at)
    close()
    return phrases
