"""Questions about numbers that a sentence left out: levels, settings, lengths, kinds of averages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from llm.checks.asked import Asked, choice, question
from llm.checks.edits import Source
from llm.checks.settings import AVERAGES, LOWER_LEVELS, SETTINGS, UPPER_LEVELS, VOLUME_LENGTHS, VOLUME_TIMES, Values
from llm.checks.shapes import Question
from llm.checks.syntax import called, compared, constant
from screener.vocabulary.indicators import INDICATORS

_CROSSINGS: Final = ("crossover", "crossunder")
_EXTREME: Final = re.compile(r"\bover ?sold|\bover ?bought")
_AVERAGE: Final = re.compile(r"\b(?:moving average|moving averages|average|mean|mas?|dma|golden cross|death cross)\b")
_KIND: Final = re.compile(
    r"\b(?:ema|emas|sma|smas|exponential|simple|weighted|wma|hull|hma|smoothed|wilder\w*|rma|vwma|kama|dema|tema)\b"
)
_VOLUME: Final = re.compile(r"\bvol\w*")


def levels(asked: Asked) -> Iterator[Question | None]:
    """Where oversold and overbought begin, where no number says it."""
    if not _EXTREME.search(asked.text):
        return
    for node in asked.source.walk():
        sides = _sides(asked, node)
        if sides is None:
            continue
        name, constant, value, below = sides
        if abs(value) in asked.numbers:
            continue
        levels = (LOWER_LEVELS if below else UPPER_LEVELS)[name]
        word = "oversold" if below else "overbought"
        noun = SETTINGS[name][0]
        choices = [
            choice(f"{level:g}", asked.code({constant: f"{level:g}"}), level == value)
            for level in sorted({*levels, value})
        ]
        text = f"Where does {word} begin?"
        assumption = f"{word.capitalize()} means {noun} {'below' if below else 'above'} {value:g}."
        yield question(f"level:{name}:{word}", text, assumption, choices)


def _sides(asked: Asked, node: ast.expr) -> tuple[str, ast.expr, float, bool] | None:
    """An oscillator compared with a constant: its name, the constant's place and value, whether it is a low one."""
    found = list(compared(node))
    if len(found) != 1:
        return None
    left, _, right = found[0]
    for side, other in ((left, right), (right, left)):
        value = constant(other)
        names = _names_under(asked, side)
        name = next((n for n in names if n in LOWER_LEVELS), None)
        if value is not None and name is not None:
            middle = {"willr": -50.0, "cci": 0.0}.get(name, 50.0)
            return name, other, value, value < middle
    return None


def _names_under(asked: Asked, node: ast.expr) -> list[str]:
    found, waiting, opened = [], [node], set()
    while waiting:
        for child in ast.walk(waiting.pop()):
            if isinstance(child, ast.Call):
                found.append(called(child))
            elif isinstance(child, ast.Name) and child.id in asked.source.expressions and child.id not in opened:
                opened.add(child.id)
                waiting.append(asked.source.expressions[child.id])
    return found


def settings(asked: Asked) -> Iterator[Question | None]:
    """Lengths and other numbers of indicators, where the sentence gives none of them."""
    groups: dict[tuple[str, Values], list[ast.Call]] = {}
    for name, call in asked.source.calls():
        if name in SETTINGS and (given := _settings(name, call)) is not None and not _of_volume(asked, call):
            groups.setdefault((name, given), []).append(call)
    for (name, given), calls in groups.items():
        if any(isinstance(v, int | float) and float(v) in asked.numbers for v in given):
            continue
        if name in ("ema", "sma") and re.search(r"golden|death", asked.text):
            continue
        if name == "vwap" and re.search(r"daily vwap|weekly vwap|monthly vwap|session vwap", asked.text):
            continue
        if name == "atr" and "stop" in asked.source.expressions and "atr" not in asked.text:
            continue
        yield _setting(asked, name, given, calls)


def _setting(asked: Asked, name: str, given: Values, calls: Sequence[ast.Call]) -> Question | None:
    noun, options = SETTINGS[name]
    rows = list(options)
    if given not in [values for values, _ in rows]:
        rows.append((given, "as it is"))
    choices = []
    for values, word in rows:
        code = asked.code({call: _with_settings(asked.source, name, call, values) for call in calls})
        said = word if name == "vwap" else f"{_listed(values)} ({word})"
        choices.append(choice(said, code, values == given))
    how = next(word for values, word in rows if values == given)
    if name == "vwap":
        return question(f"length:vwap:{given[0]}", "Which VWAP?", f"That {how}: the sentence says none.", choices)
    text = f"{'Length' if len(given) == 1 else 'Settings'} of {noun}?"
    assumption = f"{noun.removeprefix('the ')}: {_listed(given)}; the sentence gives no number."
    assumption = f"{assumption[:1].upper()}{assumption[1:]}"
    return question(f"length:{name}:{_listed(given)}", text, assumption, choices)


def _of_volume(asked: Asked, call: ast.Call) -> bool:
    return bool(call.args) and "volume" in ast.unparse(call.args[0])


def volume(asked: Asked) -> Iterator[Question | None]:
    """What volume is compared with, where the sentence gives no number of candles."""
    if not _VOLUME.search(asked.text):
        return
    calls = [(n, c) for n, c in asked.source.calls() if n in AVERAGES and _of_volume(asked, c) and len(c.args) == 2]
    lengths = {value for _, c in calls if (value := constant(c.args[1])) is not None}
    if len(lengths) != 1 or lengths & asked.numbers:
        return
    (length,) = lengths
    choices = [
        choice(f"{n:g} candles", asked.code({c.args[1]: f"{n:g}" for _, c in calls}), n == length)
        for n in sorted({*VOLUME_LENGTHS, length})
    ]
    assumption = f"Average volume is that of {length:g} candles: the sentence gives no number."
    yield question("volume", "Average volume of how many candles?", assumption, choices)


def times(asked: Asked) -> Iterator[Question | None]:
    """How many times its average "busy" volume is, where the sentence gives no number."""
    if not _VOLUME.search(asked.text):
        return
    for node in asked.source.walk():
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
            continue
        value = constant(node.left)
        name, call = next(((n, c) for n, c in asked.source.calls() if c is node.right), ("", None))
        if value is None or call is None or name not in AVERAGES or not _of_volume(asked, call):
            continue
        if value in asked.numbers:
            continue
        choices = [
            choice(f"{n:g} ×", asked.code({node.left: f"{n:g}"}), n == value) for n in sorted({*VOLUME_TIMES, value})
        ]
        assumption = f"{value:g} times its average: the sentence gives no number."
        yield question(f"times:{value:g}", "How much volume is that?", assumption, choices)


def averages(asked: Asked) -> Iterator[Question | None]:
    """Simple or exponential, where the sentence speaks of an average alone."""
    if not _AVERAGE.search(asked.text) or _KIND.search(asked.text):
        return
    calls = [(n, c) for n, c in asked.source.calls() if n in AVERAGES and isinstance(c.func, ast.Attribute)]
    kinds = {name for name, _ in calls}
    if len(kinds) != 1:
        return
    (kind,) = kinds
    names = {"sma": "Simple (SMA)", "ema": "Exponential (EMA)", "wma": "Weighted (WMA)"}
    choices = []
    for name, label in names.items():
        changes: dict[ast.expr, str] = {}
        for _, call in calls:
            owner = asked.source.said(call.func).rpartition(".")[0]
            changes[call.func] = f"{owner}.{name}"
        choices.append(choice(label, asked.code(changes), name == kind))
    assumption = f"{names[kind]}: the sentence says average alone."
    yield question("average", "Which kind of average?", assumption, choices)


def candle_moves(asked: Asked) -> Iterator[Question | None]:
    """A candle's move from its open or from the close before."""
    if not re.search(r"\b(?:candle|bar|candles|bars)\b", asked.text):
        return
    calls = [c for n, c in asked.source.calls() if n == "pct_change" and ast.unparse(c) == "pct_change(close, 1)"]
    if not calls:
        return
    other = asked.code(dict.fromkeys(calls, "((close - open) / open * 100)"))
    choices = [
        choice("From the close before", asked.source.text, True),
        choice("From its own open", other, False),
    ]
    yield question("move", "A candle's move, from where?", "Measured from the close before.", choices)


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
