"""What a sentence left open, whoever wrote the program: each with how it was read and the other ways, as code.

1. Every `_..._question` looks at the words of the sentence and at the program's syntax tree.
2. A choice's code is the program's own text with one expression changed (`llm.checks.edits`); it compiles, or the
   choice is left out; a question with less than two choices is no question.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final, Literal

from llm.checks import numbers_asked
from llm.checks.asked import Asked, choice, question
from llm.checks.settings import INTERVALS_ASKED
from llm.checks.shapes import Choice, Question
from llm.checks.sides import sides_question, turned
from llm.phrasebook.vocabulary.tokens import INTERVALS
from screener import Program

MAX_QUESTIONS: Final = 10
_DIRECTION: Final = re.compile(
    r"\b(?:buy|buys|buying|bought|long|longs|short|shorts|shorting|sell|sells|bull\w*|bear\w*)\b"
)
_INTERVAL_WORD: Final = re.compile(r"\b(?:hourly|daily|weekly|half[- ]hour\w*|intraday|minute|hour|day|week)\b")
_CLOSED: Final = re.compile(
    r"\b(?:clos(?:e|es|ed|ing)|candle close|forming|intrabar|real[- ]?time|tick|every minute)\b"
)
_CROSS: Final = re.compile(r"\bcross\w*|\bcorss\w*|\breclaim\w*|\bflip\w*")
_MOVES: Final = re.compile(
    r"\b(?:go(?:es|ing)?|went|get(?:s|ting)?|br(?:eak|eaks|oke|eaking)|moves?|moved|falls?|fell|falling|drops?|dropped|"
    r"rises?|rose|climbs?|dips?|dipped|push(?:es|ed)?|rips?|turns?|turned|closes?|comes?|came|slips?|jumps?)"
    r"\s+(?:back\s+|up\s+|down\s+|out\s+|just\s+)?(?:above|over|below|under|through|past|inside|beneath)\b"
)
_CROSSINGS: Final = ("crossover", "crossunder")


def questions_of(
    sentence: str, program: Program, *, direction: str, evaluate: str, most: int = MAX_QUESTIONS
) -> list[Question]:
    """The questions that a careful reader would ask back, in the order in which they matter; the first `most` of them.

    Each takes a compilation for each of its choices, so no more are thought of than are asked.
    """
    found: dict[str, Question] = {}
    for made in _thought_of(Asked(sentence, program), direction, evaluate):
        if len(found) == most:
            break
        # Where the same is open in several places, each is a question of its own.
        key = next(key for n in count(1) if (key := made.id if n == 1 else f"{made.id}:{n}") not in found)
        found[key] = made.model_copy(update={"id": key})
    return list(found.values())


def _thought_of(asked: Asked, direction: str, evaluate: str) -> Iterator[Question]:
    ways: tuple[Callable[[], Iterable[Question | None]], ...] = (
        lambda: (_interval(asked),),
        lambda: (sides_question(asked, direction),),
        lambda: (_direction(asked, direction),),
        lambda: _joins(asked),
        lambda: _crosses(asked),
        lambda: numbers_asked.levels(asked),
        lambda: numbers_asked.averages(asked),
        lambda: numbers_asked.settings(asked),
        lambda: numbers_asked.volume(asked),
        lambda: numbers_asked.times(asked),
        lambda: numbers_asked.candle_moves(asked),
        lambda: (_evaluate(asked, evaluate),),
    )
    for way in ways:
        yield from (made for made in way() if made is not None)


def _interval(asked: Asked) -> Question | None:
    """On which candles, where the sentence names none."""
    named = any(value in INTERVALS.values() for value in asked.spans) or _INTERVAL_WORD.search(asked.text)
    if named:
        return None
    base = asked.program.base
    labels = INTERVALS_ASKED if base in INTERVALS_ASKED else (base, *INTERVALS_ASKED)
    choices = [
        Choice(label=label, interval=label, taken=label == base)
        for label in labels
        if label == base or asked.source.compiling(asked.source.text, label)
    ]
    return question("interval", "On which candles?", f"{base} candles: the sentence names none.", choices)


def _direction(asked: Asked, direction: str) -> Question | None:
    """Long or short, where the sentence says neither."""
    if _DIRECTION.search(asked.text):
        return None
    sides: tuple[tuple[Literal["long", "short"], str], ...] = (
        ("long", "Long: it is expected to rise"),
        ("short", "Short: it is expected to fall"),
    )
    choices = []
    for side, label in sides:
        # A stop below the entry is a long's: it goes where the direction goes.
        code = None if side == direction else turned(asked.program, side)
        choices.append(Choice(label=label, direction=side, filter_code=code, taken=side == direction))
    assumption = f"{direction.capitalize()}: the sentence does not say which."
    return question("direction", "Long or short?", assumption, choices)


def _evaluate(asked: Asked, evaluate: str) -> Question | None:
    """At the close or on the forming candle, where the sentence says neither."""
    length = INTERVALS[asked.program.base]
    if _CLOSED.search(asked.text) or not INTERVALS["3m"] <= length <= INTERVALS["1d"]:
        return None
    ways: tuple[tuple[Literal["close", "minute"], str], ...] = (
        ("close", "When the candle closes"),
        ("minute", "Every minute, on the forming candle"),
    )
    choices = [Choice(label=label, evaluate=way, taken=way == evaluate) for way, label in ways]
    taken = next((label for way, label in ways if way == evaluate), ways[0][1])
    return question("evaluate", "When does it look?", f"{taken}: the sentence does not say.", choices)


def _joins(asked: Asked) -> Iterator[Question | None]:
    """All or any; and with both words, which belongs together."""
    top = asked.source.expressions.get("match")
    if not isinstance(top, ast.BoolOp):
        return
    has_and = re.search(r"\band\b|&|\+|\bwhile\b|\bwith\b|\bbut\b", asked.text) is not None
    has_or = re.search(r"\bor\b|\beither\b|\|", asked.text) is not None
    nested = [v for v in top.values if isinstance(v, ast.BoolOp)]
    grouped = re.search(r"\((?!\s*[\d.])|\beither\b|\bboth\b", asked.text)
    if has_and and has_or and len(nested) == 1 and not grouped:
        yield _grouping(asked, top, nested[0])
    elif not nested and ("and/or" in asked.text or not (has_and or has_or)):
        yield _all_or_any(asked, top)


def _all_or_any(asked: Asked, top: ast.BoolOp) -> Question | None:
    parts = [_part(asked, value) for value in top.values]
    is_and = isinstance(top.op, ast.And)
    many = "Both" if len(parts) == 2 else "All of them"
    choices = []
    for word, label in (("and", many), ("or", "Any one of them")):
        taken = (word == "and") == is_and
        code = asked.source.text if taken else asked.code({top: f" {word} ".join(parts)})
        choices.append(choice(label, code, taken))
    assumption = f"{many if is_and else 'Any one'}: the sentence lists them without and or or."
    return question("join", "All conditions, or any?", assumption, choices)


def _grouping(asked: Asked, top: ast.BoolOp, nested: ast.BoolOp) -> Question | None:
    outer, inner = ("or", "and") if isinstance(top.op, ast.Or) else ("and", "or")
    flat: list[tuple[str, str]] = []
    for value in top.values:
        leaves = nested.values if value is nested else [value]
        for n, leaf in enumerate(leaves):
            flat.append((inner if n else outer, _part(asked, leaf)))
    now = asked.source.text
    choices = [choice(_grouped(top, asked), now, True)]
    for first in ("and", "or"):
        groups: list[list[str]] = []
        for n, (joint, part) in enumerate(flat):
            if n and joint == first:
                groups[-1].append(part)
            else:
                groups.append([part])
        text = [f" {first} ".join(g) if len(g) == 1 else f"({f' {first} '.join(g)})" for g in groups]
        other = "or" if first == "and" else "and"
        code = asked.code({top: f" {other} ".join(text)})
        choices.append(choice(f" {other} ".join(text), code, False))
    return question("grouping", "Which conditions belong together?", f"{_grouped(top, asked)}.", choices)


def _part(asked: Asked, node: ast.expr) -> str:
    text = asked.source.said(node)
    return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp) else text


def _crosses(asked: Asked) -> Iterator[Question | None]:
    """The moment of crossing or the time after it, where a verb may mean either."""
    moved = _MOVES.search(asked.text)
    if moved is None or _CROSS.search(asked.text):
        return
    words = moved.group()
    crossing = [(n, c) for n, c in asked.source.calls() if n in _CROSSINGS and len(c.args) == 2]
    for number, (name, call) in enumerate(crossing):
        left, right = (_operand(asked, a) for a in call.args)
        sign = ">" if name == "crossover" else "<"
        state = asked.code({call: f"({left} {sign} {right})"})
        yield _cross_or_state(f"cross:{number}", words, asked.source.text, state, True)
    if crossing:
        return
    top = asked.source.expressions.get("match")
    named = asked.source.expressions
    parts = [
        named.get(part.id, part) if isinstance(part, ast.Name) else part
        for part in (top.values if isinstance(top, ast.BoolOp) else [top])
    ]
    compared = [
        part
        for part in parts
        if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Lt | ast.Gt)
    ]
    for number, part in enumerate(compared[:1]):
        name = "crossover" if isinstance(part.ops[0], ast.Gt) else "crossunder"
        sides = f"{asked.source.said(part.left)}, {asked.source.said(part.comparators[0])}"
        event = asked.code({part: f"{name}({sides})"})
        yield _cross_or_state(f"cross:{number}", words, event, asked.source.text, False)


def _cross_or_state(key: str, words: str, event: str | None, state: str | None, at: bool) -> Question | None:
    choices = [
        choice("On the candle where it happens", event, at),
        choice("On every candle while it is so", state, not at),
    ]
    how = "the candle where it happens" if at else "every candle while it is so"
    return question(key, f"“{words}”: the moment, or as long as it lasts?", f"“{words}” means {how}.", choices)


def _operand(asked: Asked, node: ast.expr) -> str:
    text = asked.source.said(node)
    return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp | ast.Compare) else text


def _grouped(top: ast.BoolOp, asked: Asked) -> str:
    return asked.source.said(top)
