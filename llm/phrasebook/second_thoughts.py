"""Words that take back what stands before them: "below 30, no wait, make it 25", "scrap that"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from llm.phrasebook.text import Token

_STARTS = frozenset(
    """
    no wait actually sorry nah nope hmm hm scratch correction rather or oops ah oh well make let's better i mean meant
    make that it say second thoughts on thought , - . : ; um uh hold
    """.split()  # noqa: SIM905
)
# Without one of these the words take nothing back: "RSI below 30 or 25".
_TAKES_BACK = (
    ("no", "wait"),
    ("make", "it"),
    ("make", "that"),
    ("scratch", "that"),
    ("sorry",),
    ("actually",),
    ("correction",),
    ("or", "rather"),
    ("i", "mean"),
    ("i", "meant"),
    ("wait",),
    ("second", "thoughts"),
    ("oops",),
    ("nah",),
)
_DROPPED = (("scrap", "that"), ("scratch", "that"), ("strike", "that"), ("never", "mind", "that"), ("undo", "that"))
_ENDS = frozenset({".", ";", "!", "?"})
MAX_WORDS = 9


def taken_back(tokens: list[Token], note: Callable[[str], None]) -> list[Token]:
    """The tokens with each number that was thought better of replaced, and what was scrapped left out."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _correction(tokens, at)
        target = None if end is None else _number_before(out, tokens[end])
        if end is not None and target is not None:
            said = out[target].text
            out[target] = replace(tokens[end], start=out[target].start, end=out[target].end)
            note(f"“{said}” was taken back for “{tokens[end].text}”.")
            at = end + 1
            continue
        dropped = next((words for words in _DROPPED if _are(tokens, at, words)), None)
        if dropped is not None and out:
            first = _sentence_start(out)
            note(f"“{' '.join(token.text for token in out[first:])}” was taken back.")
            del out[first:]
            at += len(dropped)
            continue
        out.append(tokens[at])
        at += 1
    return out


def _are(tokens: list[Token], at: int, words: tuple[str, ...]) -> bool:
    return tuple(token.text for token in tokens[at : at + len(words)]) == words


def _correction(tokens: list[Token], at: int) -> int | None:
    """Where the number stands that words from `at` put in place of one before; None where they do not."""
    if tokens[at].text not in _STARTS or tokens[at].kind == "number":
        return None
    end = at
    while end < len(tokens) and end - at < MAX_WORDS and tokens[end].text in _STARTS:
        end += 1
    if end >= len(tokens) or tokens[end].kind not in ("number", "percent", "multiple", "span"):
        return None
    said = any(_are(tokens, place, words) for place in range(at, end) for words in _TAKES_BACK)
    # "Sorry, RSI below 30": the number has to be what the words lead to, and to end there.
    behind = tokens[end + 1].text if end + 1 < len(tokens) else "."
    closes = behind in (".", ",", ";", "!", "?", "-", ":", "and", "but", "instead", ")", "then", "to", "on", "please")
    return end if said and closes else None


def _number_before(out: list[Token], number: Token) -> int | None:
    """The number that is replaced: the last of the same kind."""
    for place in range(len(out) - 1, max(-1, len(out) - 30), -1):
        if out[place].kind == number.kind and out[place].text != "one":
            return place
    return None


def _sentence_start(out: list[Token]) -> int:
    last = len(out) - 1
    while last >= 0 and out[last].text in _ENDS | {",", "-"}:
        last -= 1
    return next((place + 1 for place in range(last, -1, -1) if out[place].text in _ENDS), 0)
