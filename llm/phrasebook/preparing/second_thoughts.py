"""Words that take back what stands before them: "below 30, no wait, make it 25", "scrap that"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import Token

_STARTS = frozenset(
    """
    no wait actually sorry nah nope hmm hm scratch correction rather or oops ah oh well make let's better i mean meant
    make that it say second thoughts on thought , - . : ; um uh hold
    """.split()
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
        again = _said_again(out, tokens, at)
        if again is not None:
            first, at = again
            note(f"“{' '.join(token.text for token in out[first:])}” was taken back for “{tokens[at].text}”.")
            del out[first:]
            continue
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


# Words of which one can stand for the other: who says the second takes the first back.
_ALIKE = (
    frozenset({"above", "below", "over", "under", "beneath"}),
    frozenset({"ema", "sma", "wma", "hma", "dema", "tema", "vwma", "rma", "kama"}),
    frozenset({"ema's", "sma's", "emas", "smas"}),
    frozenset({"oversold", "overbought"}),
    frozenset({"bullish", "bearish"}),
    frozenset({"upper", "lower", "middle"}),
    frozenset({"high", "low", "close", "open"}),
)
# Words that as well begin a sentence of its own: "RSI below 30. Actually 20 EMA above 50 EMA".
_BEGINS_TOO = (("actually",), ("nah",), ("second", "thoughts"), ("i", "mean"), ("i", "meant"))
_SPACE = frozenset({",", "-", "(", ")", ".", ":"})
_COUNTS = frozenset("candle candles bar bars period periods day days".split())
MAX_AGAIN = 5


def _said_again(out: list[Token], tokens: list[Token], at: int) -> tuple[int, int] | None:
    """For "the 50 EMA, no wait, the 100 EMA" and "above the SMA (sorry, EMA)": where in `out` what is taken back
    begins, and where in `tokens` what replaces it; None where the words at `at` say nothing again."""
    if tokens[at].text not in _STARTS or tokens[at].kind == "number":
        return None
    mid = at
    while mid < len(tokens) and mid - at < MAX_WORDS and (tokens[mid].text in _STARTS or tokens[mid].text == "("):
        mid += 1
    ended = any(token.text in _ENDS for token in (*out[-1:], *tokens[at:mid]))
    sure = [words for words in _TAKES_BACK if not ended or words not in _BEGINS_TOO]
    if mid >= len(tokens) or not any(_are(tokens, place, words) for place in range(at, mid) for words in sure):
        return None
    while tokens[mid].text in ("the", "a") and mid + 1 < len(tokens):
        mid += 1
    said = [place for place in range(max(0, len(out) - MAX_AGAIN), len(out)) if out[place].text not in _SPACE]
    for place in reversed(said):
        tail = [out[other].text for other in said if other > place]
        if _stands_for(out[place], tokens, mid) and _goes_on(tail, tokens, mid + 1):
            return place, mid
        repeated = mid + 1 < len(tokens) and place > 0 and out[place - 1].text == tokens[mid].text
        if repeated and _stands_for(out[place], tokens, mid + 1) and _goes_on(tail, tokens, mid + 2):
            return place, mid + 1
    return None


def _stands_for(before: Token, tokens: list[Token], at: int) -> bool:
    """Whether the token at `at` can take the place of `before`."""
    token = tokens[at]
    if token.kind != "word":
        counted = at + 1 < len(tokens) and (tokens[at + 1].text in _COUNTS or tokens[at + 1].text == "-")
        return before.text != token.text and (
            before.kind == token.kind or (before.kind == "span" and token.kind == "number" and counted)
        )
    return before.text != token.text and any({before.text, token.text} <= words for words in _ALIKE)


def _goes_on(tail: list[str], tokens: list[Token], at: int) -> bool:
    """Whether the words behind what is taken back are said again behind what replaces it, all of them."""
    if not tail:
        return True
    first, *rest = tail
    if at >= len(tokens):
        return False
    alike = tokens[at].text == first or (first[:1].isdigit() and tokens[at].text[:1].isdigit())
    return alike and _goes_on(rest, tokens, at + 1)


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
