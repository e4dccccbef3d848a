"""What a sentence left open, whoever wrote the program: each with how it was read and the other ways, as code.

1. Every `_..._question` looks at the words of the sentence and at the program's syntax tree.
2. A choice's code is the program's own text with one expression changed (`llm.checks.edits`); it compiles, or the
   choice is left out; a question with less than two choices is no question.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from llm.checks.edits import Changes, Source, constant
from llm.checks.settings import (
    AVERAGES,
    INTERVALS_ASKED,
    LOWER_LEVELS,
    SETTINGS,
    UPPER_LEVELS,
    VOLUME_LENGTHS,
    Values,
)
from llm.checks.shapes import Choice, Question
from llm.phrasebook.text import INTERVALS, normalise, tokenise
from screener import Program
from screener.vocabulary.indicators import INDICATORS

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
_EXTREME: Final = re.compile(r"\bover ?sold|\bover ?bought")
_AVERAGE: Final = re.compile(r"\b(?:moving average|moving averages|average|mean|mas?|dma|golden cross|death cross)\b")
_KIND: Final = re.compile(
    r"\b(?:ema|emas|sma|smas|exponential|simple|weighted|wma|hull|hma|smoothed|wilder\w*|rma|vwma|kama|dema|tema)\b"
)
_VOLUME: Final = re.compile(r"\bvol\w*")


def questions_of(sentence: str, program: Program, *, direction: str, evaluate: str) -> list[Question]:
    """The questions that a careful reader would ask back, in the order in which they matter."""
    asked = _Asked(sentence, program)
    found: list[Question | None] = [
        asked.interval(),
        asked.direction(direction),
        *asked.joins(),
        *asked.crosses(),
        *asked.levels(),
        *asked.averages(),
        *asked.settings(),
        *asked.volume(),
        *asked.candle_moves(),
        asked.evaluate(evaluate),
    ]
    return [question for question in found if question is not None][:MAX_QUESTIONS]


class _Asked:
    def __init__(self, sentence: str, program: Program) -> None:
        self.text = normalise(sentence)
        self.source = Source(program)
        self.program = program
        tokens = tokenise(sentence)
        self.spans = {token.value for token in tokens if token.kind == "span"}
        self.numbers = {abs(t.value) for t in tokens if t.kind in ("number", "percent", "multiple")}
        self.numbers |= {float(t.count) for t in tokens if t.kind == "span"}

    # The strategy's own settings

    def interval(self) -> Question | None:
        """On which candles, where the sentence names none."""
        named = any(value in INTERVALS.values() for value in self.spans) or _INTERVAL_WORD.search(self.text)
        if named:
            return None
        base = self.program.base
        labels = INTERVALS_ASKED if base in INTERVALS_ASKED else (base, *INTERVALS_ASKED)
        choices = [
            Choice(label=label, interval=label, taken=label == base)
            for label in labels
            if label == base or self.source.compiling(self.source.text, label)
        ]
        return _question("interval", "On which candles?", f"{base} candles: the sentence names none.", choices)

    def direction(self, direction: str) -> Question | None:
        """Long or short, where the sentence says neither."""
        if _DIRECTION.search(self.text):
            return None
        sides: tuple[tuple[Literal["long", "short"], str], ...] = (
            ("long", "Long: it is expected to rise"),
            ("short", "Short: it is expected to fall"),
        )
        choices = [Choice(label=label, direction=side, taken=side == direction) for side, label in sides]
        assumption = f"{direction.capitalize()}: the sentence does not say which."
        return _question("direction", "Long or short?", assumption, choices)

    def evaluate(self, evaluate: str) -> Question | None:
        """At the close or on the forming candle, where the sentence says neither."""
        length = INTERVALS[self.program.base]
        if _CLOSED.search(self.text) or not INTERVALS["3m"] <= length <= INTERVALS["1d"]:
            return None
        ways: tuple[tuple[Literal["close", "minute"], str], ...] = (
            ("close", "When the candle closes"),
            ("minute", "Every minute, on the forming candle"),
        )
        choices = [Choice(label=label, evaluate=way, taken=way == evaluate) for way, label in ways]
        taken = next((label for way, label in ways if way == evaluate), ways[0][1])
        return _question("evaluate", "When does it look?", f"{taken}: the sentence does not say.", choices)

    # How conditions are joined and read

    def joins(self) -> Iterator[Question | None]:
        """All or any; and with both words, which belongs together."""
        top = self.source.expressions.get("match")
        if not isinstance(top, ast.BoolOp):
            return
        has_and = re.search(r"\band\b|&|\+|\bwhile\b|\bwith\b|\bbut\b", self.text) is not None
        has_or = re.search(r"\bor\b|\beither\b|\|", self.text) is not None
        nested = [v for v in top.values if isinstance(v, ast.BoolOp)]
        if (
            has_and
            and has_or
            and len(nested) == 1
            and "(" not in self.text
            and not re.search(r"either|both", self.text)
        ):
            yield self._grouping(top, nested[0])
        elif not nested and ("and/or" in self.text or not (has_and or has_or)):
            yield self._all_or_any(top)

    def _all_or_any(self, top: ast.BoolOp) -> Question | None:
        parts = [self._part(value) for value in top.values]
        is_and = isinstance(top.op, ast.And)
        many = "Both" if len(parts) == 2 else "All of them"
        choices = []
        for word, label in (("and", many), ("or", "Any one of them")):
            taken = (word == "and") == is_and
            code = self.source.text if taken else self._code({top: f" {word} ".join(parts)})
            choices.append(_choice(label, code, taken))
        assumption = f"{many if is_and else 'Any one'}: the sentence lists them without and or or."
        return _question("join", "All conditions, or any?", assumption, choices)

    def _grouping(self, top: ast.BoolOp, nested: ast.BoolOp) -> Question | None:
        outer, inner = ("or", "and") if isinstance(top.op, ast.Or) else ("and", "or")
        flat: list[tuple[str, str]] = []
        for value in top.values:
            leaves = nested.values if value is nested else [value]
            for n, leaf in enumerate(leaves):
                flat.append((inner if n else outer, self._part(leaf)))
        now = self.source.text
        choices = [_choice(_grouped(top, self), now, True)]
        for first in ("and", "or"):
            groups: list[list[str]] = []
            for n, (joint, part) in enumerate(flat):
                if n and joint == first:
                    groups[-1].append(part)
                else:
                    groups.append([part])
            text = [f" {first} ".join(g) if len(g) == 1 else f"({f' {first} '.join(g)})" for g in groups]
            other = "or" if first == "and" else "and"
            code = self._code({top: f" {other} ".join(text)})
            choices.append(_choice(f" {other} ".join(text), code, False))
        return _question("grouping", "Which conditions belong together?", f"{_grouped(top, self)}.", choices)

    def _part(self, node: ast.expr) -> str:
        text = self.source.said(node)
        return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp) else text

    def crosses(self) -> Iterator[Question | None]:
        """The moment of crossing or the time after it, where a verb may mean either."""
        moved = _MOVES.search(self.text)
        if moved is None or _CROSS.search(self.text):
            return
        words = moved.group()
        crossing = [(n, c) for n, c in self.source.calls() if n in _CROSSINGS and len(c.args) == 2]
        for number, (name, call) in enumerate(crossing):
            left, right = (self._operand(a) for a in call.args)
            sign = ">" if name == "crossover" else "<"
            state = self._code({call: f"({left} {sign} {right})"})
            yield self._cross_or_state(f"cross:{number}", words, self.source.text, state, True)
        if crossing:
            return
        top = self.source.expressions.get("match")
        parts = top.values if isinstance(top, ast.BoolOp) else [top]
        compared = [
            part
            for part in parts
            if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], ast.Lt | ast.Gt)
        ]
        for number, part in enumerate(compared[:1]):
            name = "crossover" if isinstance(part.ops[0], ast.Gt) else "crossunder"
            sides = f"{self.source.said(part.left)}, {self.source.said(part.comparators[0])}"
            event = self._code({part: f"{name}({sides})"})
            yield self._cross_or_state(f"cross:{number}", words, event, self.source.text, False)

    def _cross_or_state(self, key: str, words: str, event: str | None, state: str | None, at: bool) -> Question | None:
        choices = [
            _choice("On the candle where it happens", event, at),
            _choice("On every candle while it is so", state, not at),
        ]
        how = "the candle where it happens" if at else "every candle while it is so"
        return _question(key, f"“{words}”: the moment, or as long as it lasts?", f"“{words}” means {how}.", choices)

    def _operand(self, node: ast.expr) -> str:
        text = self.source.said(node)
        return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp | ast.Compare) else text

    # Numbers that the sentence left out

    def levels(self) -> Iterator[Question | None]:
        """Where oversold and overbought begin, where no number says it."""
        if not _EXTREME.search(self.text):
            return
        for node in self.source.walk():
            sides = self._sides(node)
            if sides is None:
                continue
            name, constant, value, below = sides
            if abs(value) in self.numbers:
                continue
            levels = (LOWER_LEVELS if below else UPPER_LEVELS)[name]
            word = "oversold" if below else "overbought"
            noun = SETTINGS[name][0]
            choices = [
                _choice(f"{level:g}", self._code({constant: f"{level:g}"}), level == value)
                for level in sorted({*levels, value})
            ]
            text = f"Where does {word} begin?"
            assumption = f"{word.capitalize()} means {noun} {'below' if below else 'above'} {value:g}."
            yield _question(f"level:{name}:{word}", text, assumption, choices)

    def _sides(self, node: ast.expr) -> tuple[str, ast.expr, float, bool] | None:
        """An oscillator compared with a constant: its name, the constant's place and value, whether it is a low one."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            pair = (node.left, node.comparators[0])
        elif (
            isinstance(node, ast.Call) and ast.unparse(node.func) in ("crossover", "crossunder") and len(node.args) == 2
        ):
            pair = (node.args[0], node.args[1])
        else:
            return None
        for side, other in (pair, pair[::-1]):
            value = constant(other)
            names = self._names_under(side)
            name = next((n for n in names if n in LOWER_LEVELS), None)
            if value is not None and name is not None:
                middle = {"willr": -50.0, "cci": 0.0}.get(name, 50.0)
                return name, other, value, value < middle
        return None

    def _names_under(self, node: ast.expr) -> list[str]:
        found, waiting, opened = [], [node], set()
        while waiting:
            for child in ast.walk(waiting.pop()):
                if isinstance(child, ast.Call):
                    found.append(ast.unparse(child.func).rpartition(".")[2])
                elif isinstance(child, ast.Name) and child.id in self.source.expressions and child.id not in opened:
                    opened.add(child.id)
                    waiting.append(self.source.expressions[child.id])
        return found

    def settings(self) -> Iterator[Question | None]:
        """Lengths and other numbers of indicators, where the sentence gives none of them."""
        groups: dict[tuple[str, Values], list[ast.Call]] = {}
        for name, call in self.source.calls():
            if name in SETTINGS and (given := _settings(name, call)) is not None and not self._of_volume(call):
                groups.setdefault((name, given), []).append(call)
        for (name, given), calls in groups.items():
            if any(isinstance(v, int | float) and float(v) in self.numbers for v in given):
                continue
            if name in ("ema", "sma") and re.search(r"golden|death", self.text):
                continue
            if name == "vwap" and re.search(r"daily vwap|weekly vwap|monthly vwap|session vwap", self.text):
                continue
            if name == "atr" and "stop" in self.source.expressions and "atr" not in self.text:
                continue
            yield self._setting(name, given, calls)

    def _setting(self, name: str, given: Values, calls: Sequence[ast.Call]) -> Question | None:
        noun, options = SETTINGS[name]
        rows = list(options)
        if given not in [values for values, _ in rows]:
            rows.append((given, "as it is"))
        choices = []
        for values, word in rows:
            code = self._code({call: _with_settings(self.source, name, call, values) for call in calls})
            said = word if name == "vwap" else f"{_listed(values)} ({word})"
            choices.append(_choice(said, code, values == given))
        how = next(word for values, word in rows if values == given)
        if name == "vwap":
            return _question(f"length:vwap:{given[0]}", "Which VWAP?", f"That {how}: the sentence says none.", choices)
        text = f"{'Length' if len(given) == 1 else 'Settings'} of {noun}?"
        assumption = f"{noun.removeprefix('the ')}: {_listed(given)}; the sentence gives no number."
        assumption = f"{assumption[:1].upper()}{assumption[1:]}"
        return _question(f"length:{name}:{_listed(given)}", text, assumption, choices)

    def _of_volume(self, call: ast.Call) -> bool:
        return bool(call.args) and "volume" in ast.unparse(call.args[0])

    def volume(self) -> Iterator[Question | None]:
        """What volume is compared with, where the sentence gives no number of candles."""
        if not _VOLUME.search(self.text):
            return
        calls = [(n, c) for n, c in self.source.calls() if n in AVERAGES and self._of_volume(c) and len(c.args) == 2]
        lengths = {value for _, c in calls if (value := constant(c.args[1])) is not None}
        if len(lengths) != 1 or lengths & self.numbers:
            return
        (length,) = lengths
        choices = [
            _choice(f"{n:g} candles", self._code({c.args[1]: f"{n:g}" for _, c in calls}), n == length)
            for n in sorted({*VOLUME_LENGTHS, length})
        ]
        assumption = f"Average volume is that of {length:g} candles: the sentence gives no number."
        yield _question("volume", "Average volume of how many candles?", assumption, choices)

    def averages(self) -> Iterator[Question | None]:
        """Simple or exponential, where the sentence speaks of an average alone."""
        if not _AVERAGE.search(self.text) or _KIND.search(self.text):
            return
        calls = [(n, c) for n, c in self.source.calls() if n in AVERAGES and isinstance(c.func, ast.Attribute)]
        kinds = {name for name, _ in calls}
        if len(kinds) != 1:
            return
        (kind,) = kinds
        names = {"sma": "Simple (SMA)", "ema": "Exponential (EMA)", "wma": "Weighted (WMA)"}
        choices = []
        for name, label in names.items():
            changes: dict[ast.expr, str] = {}
            for _, call in calls:
                owner = self.source.said(call.func).rpartition(".")[0]
                changes[call.func] = f"{owner}.{name}"
            choices.append(_choice(label, self._code(changes), name == kind))
        assumption = f"{names[kind]}: the sentence says average alone."
        yield _question("average", "Which kind of average?", assumption, choices)

    def candle_moves(self) -> Iterator[Question | None]:
        """A candle's move from its open or from the close before."""
        if not re.search(r"\b(?:candle|bar|candles|bars)\b", self.text):
            return
        calls = [c for n, c in self.source.calls() if n == "pct_change" and ast.unparse(c) == "pct_change(close, 1)"]
        if not calls:
            return
        other = self._code(dict.fromkeys(calls, "((close - open) / open * 100)"))
        choices = [
            _choice("From the close before", self.source.text, True),
            _choice("From its own open", other, False),
        ]
        yield _question("move", "A candle's move, from where?", "Measured from the close before.", choices)

    def _code(self, changes: Changes) -> str | None:
        return self.source.compiling(self.source.changed(changes))


def _grouped(top: ast.BoolOp, asked: _Asked) -> str:
    return asked.source.said(top)


def _choice(label: str, code: str | None, taken: bool) -> Choice | None:
    """A choice; None where its code does not compile, or is the same as now."""
    if taken:
        return Choice(label=label, taken=True)
    return None if code is None else Choice(label=label, filter_code=code)


def _question(key: str, text: str, assumption: str, choices: Sequence[Choice | None]) -> Question | None:
    kept = [choice for choice in choices if choice is not None]
    if len(kept) < 2 or not any(choice.taken for choice in kept):
        return None
    return Question(id=key, text=text, assumption=assumption, choices=kept)


def _listed(values: Values) -> str:
    return ", ".join(v if isinstance(v, str) else f"{v:g}" for v in values)


def _settings(name: str, call: ast.Call) -> Values | None:
    """The constant arguments of an indicator's call, with its defaults; None where it is written otherwise."""
    row = INDICATORS[name]
    wanted = [a for a in row.args if a.kind not in ("series", "num", "bool")]
    first = len(row.args) - len(wanted)
    if call.keywords or len(call.args) > len(row.args) or len(call.args) < first:
        return None
    given: list[float | str] = []
    for n, arg in enumerate(wanted, first):
        value: object = arg.default
        if n < len(call.args):
            try:
                value = ast.literal_eval(call.args[n])
            except ValueError:
                return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        given.append(value)
    return tuple(given)


def _with_settings(source: Source, name: str, call: ast.Call, values: Values) -> str:
    row = INDICATORS[name]
    first = len(row.args) - len([a for a in row.args if a.kind not in ("series", "num", "bool")])
    args = [source.said(a) for a in call.args[:first]]
    args += [f'"{v}"' if isinstance(v, str) else f"{v:g}" for v in values]
    return f"{source.said(call.func)}({', '.join(args)})"
