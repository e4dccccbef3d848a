"""Arguments of a call to the parameters of a registry row: order, names, kinds and bounds."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from screener.intervals import CALENDAR, INTERVAL_MS, LENGTH_MS, is_multiple
from screener.language import habits
from screener.language.describe import number
from screener.language.values import Series, Value
from screener.vocabulary.formula import Term
from screener.vocabulary.registry import Arg, arguments_text

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

MAX_WINDOW: Final = 5000
_LENGTHS: Final = frozenset({"length", "n", "period", "timeperiod", "window", "len", "periods", "span", "bars"})

Bound = Term | float | int | str
"""A bound argument: a term for series, else the constant."""


@dataclass(slots=True)
class Call:
    """A call being bound: `name` as the user should write it, `node`, and what was visited so far."""

    ex: Expressions
    node: ast.Call
    name: str
    seen: dict[ast.expr, Value | None]

    def value(self, expr: ast.expr) -> Value | None:
        """The value of an argument, visited once."""
        if expr not in self.seen:
            self.seen[expr] = self.ex.visit(expr)
        return self.seen[expr]

    def bind(self, args: Sequence[Arg], positional: Sequence[ast.expr], many: bool = False) -> list[Bound] | None:
        """Values in the order of `args`, or None after reporting what is wrong."""
        given: dict[str, ast.expr] = {}
        fine = True
        if len(positional) > len(args) and not many:
            self.ex.fail(self.node, "F013", f"{self.name} takes {_plural(len(args), 'argument')}", self._usage(args))
            fine = False
        for arg, expr in zip(args, positional, strict=False):
            given[arg.name] = expr
        for keyword in self.node.keywords:
            fine = self._keyword(keyword, args, given) and fine
        bound: list[Bound] = []
        for arg in args:
            if arg.name in given:
                value = self._convert(arg, given[arg.name])
            elif arg.default is not None:
                value = self._default(arg)
            else:
                self.ex.fail(self.node, "F013", f"{self.name} needs '{arg.name}'", self._usage(args))
                value = None
            fine = fine and value is not None
            if value is not None:
                bound.append(value)
        for expr in positional[len(args) :]:
            extra = self._convert(args[-1], expr) if many else self.value(expr)
            fine = fine and extra is not None
            if isinstance(extra, Term):
                bound.append(extra)
        return bound if fine else None

    def _usage(self, args: Sequence[Arg]) -> str:
        return f"write {self.name}({arguments_text(tuple(args))})"

    def _keyword(self, keyword: ast.keyword, args: Sequence[Arg], given: dict[str, ast.expr]) -> bool:
        usage = self._usage(args)
        name = keyword.arg
        if name is None:
            self.ex.fail(keyword.value, "F006", "unpacking cannot be used in a filter", usage)
            return False
        names = [arg.name for arg in args]
        if name == "length" and "length" not in names and "n" in names:
            name = "n"
        if name not in names:
            hint = self.ex.did_you_mean(name, names) or usage
            if habits.ARGUMENTS.get(name.lower()) in names:
                hint = f"did you mean '{habits.ARGUMENTS[name.lower()]}'?"
            if name.lower() in _LENGTHS and (wanted := next((n for n in names if n in ("length", "n")), None)):
                hint = f"did you mean '{wanted}'?"
            self.ex.fail(keyword.value, "F013", f"{self.name} has no argument '{name}'", hint)
            if not _is_text(keyword.value):
                self.value(keyword.value)
            return False
        if name in given:
            self.ex.fail(keyword.value, "F013", f"'{name}' is given twice", usage)
            return False
        given[name] = keyword.value
        return True

    def _default(self, arg: Arg) -> Bound | None:
        value = arg.default
        assert value is not None
        if arg.kind in ("num", "bool") and not isinstance(value, str):
            given = bool(value) if arg.kind == "bool" else float(value)
            return Term(self.ex.graph, self.ex.graph.const(given))
        if arg.kind == "interval" and not anchor_fits(self.ex, self.node, str(value)):
            return None
        return value

    def _convert(self, arg: Arg, expr: ast.expr) -> Bound | None:
        what = f"'{arg.name}' of {self.name}"
        match arg.kind:
            case "interval" | "text":
                return self._text(arg, expr, what)
            case "length" | "index" | "const":
                return self._number(arg, expr, what)
            case "flag":
                return self._flag(expr, what)
            case "window":
                value = self.value(expr)
                if isinstance(value, Series) and value.dtype == "bool":
                    return self._event(expr, value, what)
                return self._number(arg, expr, what)
        value = self.value(expr)
        if value is None:
            return None
        series = self.ex.as_type(expr, value, "bool" if arg.kind in ("bool", "condition") else "num", what)
        if series is None:
            return None
        if arg.kind == "condition":
            return self._event(expr, series, what)
        if arg.kind == "series" and self.ex.graph.value(series.node) is not None:
            constant = self.ex.constant(series)
            rest = number(constant) if constant is not None else "20"
            hint = f"the series comes first: {self.name}(close, {rest})"
            self.ex.fail(expr, "F014", f"{what} needs a series, not a constant", hint)
            return None
        return Term(self.ex.graph, series.node)

    def _event(self, expr: ast.expr, value: Series, what: str) -> Term | None:
        """A condition that depends on the candle."""
        if self.ex.graph.value(value.node) is None:
            return Term(self.ex.graph, value.node)
        self.ex.fail(expr, "F014", f"{what} needs a condition, not a constant", "such as close > open")
        return None

    def _flag(self, expr: ast.expr, what: str) -> bool | None:
        value = self.value(expr)
        if value is None:
            return None
        constant = self.ex.graph.value(value.node) if isinstance(value, Series) else None
        if isinstance(constant, bool):
            return constant
        self.ex.fail(expr, "F014", f"{what} must be True or False", "")
        return None

    def _text(self, arg: Arg, expr: ast.expr, what: str) -> str | None:
        if not (isinstance(expr, ast.Constant) and isinstance(expr.value, str)):
            self.ex.fail(expr, "F014", f"{what} must be a text", 'such as "1d"')
            return None
        if arg.kind == "interval" and not anchor_fits(self.ex, expr, expr.value):
            return None
        return expr.value

    def _number(self, arg: Arg, expr: ast.expr, what: str) -> int | float | None:
        value = self.value(expr)
        if value is None:
            return None
        if isinstance(value, Series) and value.dtype == "bool" and arg.kind != "window":
            self.ex.fail(expr, "F015", f"{what} must be a number, not a condition", "")
            return None
        constant = self.ex.constant(value)
        if constant is None:
            whole = "a constant number" if arg.kind == "const" else "a whole constant number"
            self.ex.fail(expr, "F014", f"{what} must be {whole}", "such as 20")
            return None
        low = arg.low if arg.low is not None else {"index": 0.0, "const": None}.get(arg.kind, 1.0)
        if arg.kind != "const" and constant != int(constant):
            self.ex.fail(expr, "F014", f"{what} must be a whole number", f"write {int(constant)}")
            return None
        if low is not None and constant < low:
            self.ex.fail(expr, "F014", f"{what} must be at least {number(low)}", "")
            return None
        if arg.high is not None and constant > arg.high:
            self.ex.fail(expr, "F014", f"{what} may be at most {number(arg.high)}", "")
            return None
        if arg.kind != "const" and constant > MAX_WINDOW:
            message = f"{what} is {number(constant)}; at most {MAX_WINDOW} candles are allowed"
            self.ex.fail(expr, "F005", message, "use a higher interval with tf")
            return None
        return constant if arg.kind == "const" else int(constant)


def interval_fits(ex: Expressions, at: ast.AST, label: str) -> bool:
    """Whether `label` is an interval made of whole candles of the scope at hand; reports what is wrong."""
    base = ex.base
    if label not in LENGTH_MS:
        ex.fail(at, "F019", f"unknown interval '{label[:20]}'", habits.interval_hint(label, LENGTH_MS))
        return False
    if LENGTH_MS[label] < LENGTH_MS[base]:
        hint = f"run the strategy on {label}, and read {base} with tf"
        ex.fail(at, "F019", f"'{label}' is below the strategy's interval {base}", hint)
        return False
    # Months and years are made of days, whatever the strategy's interval is.
    if label not in CALENDAR and not is_multiple(label, base):
        fitting = " ".join(i for i in INTERVAL_MS if LENGTH_MS[i] >= LENGTH_MS[base] and is_multiple(i, base))
        ex.fail(at, "F019", f"'{label}' is not a whole multiple of {base}", f"these are: {fitting}")
        return False
    return True


def anchor_fits(ex: Expressions, at: ast.AST, label: str) -> bool:
    """Whether candles of `label` begin now and then among those at hand; reports what is wrong."""
    if not interval_fits(ex, at, label):
        return False
    here = ex.scope.interval
    if LENGTH_MS[label] < LENGTH_MS[here]:
        message = f"a new {label} candle begins with every candle of {here}"
        ex.fail(at, "F019", message, f'name a longer one, or leave tf("{here}") out')
        return False
    return True


def _is_text(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and isinstance(expr.value, str)


def _plural(n: int, word: str) -> str:
    if n == 0:
        return f"no {word}s"
    return f"{n} {word}" if n == 1 else f"at most {n} {word}s"
