"""Expressions to graph nodes: one walk that resolves names, checks types and adds nodes.

1. `Expressions.visit` dispatches on the form; it returns None where it has reported an error, and callers go
   on, so that all errors of a program are found at once.
2. Names are resolved in the scope at hand (`tf("4h").sma(close, 20)` reads 4h closes), calls in
   `screener.language.calls`.
3. Operators are in `screener.language.operators`, which asks `screener.language.advice` about what can never hold.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final, Literal

from screener.errors import ConstantError, Diagnostic, TooManyErrors
from screener.external.catalogue import EXTERNALS
from screener.intervals import SERIES
from screener.ir import Graph
from screener.language import calls, habits, operators, words
from screener.language.describe import English, number
from screener.language.parse import Parsed
from screener.language.shared import Marks, Shared, Silent
from screener.language.values import Outputs, Pattern, Scope, Series, Value
from screener.ops import Dtype, Param
from screener.vocabulary.formula import Term
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS

DERIVED: Final = ("volume_delta", "hl2", "hlc3", "ohlc4")
TIME_PARTS: Final = ("hour", "minute", "weekday", "day", "month")
_PARTS: Final[dict[str, Literal["ta", "cdl", "trade", "ticker"]]] = {
    "ta": "ta",
    "cdl": "cdl",
    "trade": "trade",
    "ticker": "ticker",
}
MAKERS: Final = ("tf", "symbol", "session")
RESULTS: Final = ("match", "exit", "stop", "target", "score")
BUILT_IN: Final = frozenset((*SERIES, *DERIVED, *TIME_PARTS, *_PARTS, *MAKERS, *FUNCTIONS))

_SCOPES: Final = {
    "ta": ("all indicators", "choose one: ta.rsi(close, 14)"),
    "cdl": ("all patterns", "choose one: cdl.hammer()"),
    "trade": ("the whole trade", "choose one: trade.bars, trade.price"),
    "ticker": ("the whole ticker", "choose one: ticker.change_pct"),
}
_MAX_LOOKED: Final = 8
MAX_ERRORS: Final = 100

_FORBIDDEN: Final[dict[type[ast.expr], tuple[str, str]]] = {
    ast.Lambda: ("functions of your own", "write the expression itself"),
    ast.ListComp: ("comprehensions", "windows look back: within(cond, n), sum(x, n)"),
    ast.SetComp: ("comprehensions", "windows look back: within(cond, n), sum(x, n)"),
    ast.DictComp: ("comprehensions", "windows look back: within(cond, n), sum(x, n)"),
    ast.GeneratorExp: ("comprehensions", "windows look back: within(cond, n), sum(x, n)"),
    ast.List: ("lists", "name each value"),
    ast.Tuple: ("tuples", "name each value"),
    ast.Dict: ("dictionaries", "name each value"),
    ast.Set: ("sets", "name each value"),
    ast.NamedExpr: ("assignment inside an expression", "assign on a line of its own: name = expression"),
    ast.Await: ("await", "leave it out"),
    ast.Yield: ("yield", "leave it out"),
    ast.YieldFrom: ("yield", "leave it out"),
    ast.JoinedStr: ("texts", 'texts are arguments only, as in tf("1h")'),
    ast.Starred: ("unpacking", "write each argument"),
    ast.Slice: ("slices", "one candle ago is x[1]; the last n are highest(x, n), sum(x, n), ..."),
}


class Expressions:
    """The state of one compilation. `names` maps assigned names to values, None for one in error."""

    def __init__(
        self, parsed: Parsed, base: str, symbols: Collection[str] | None, shared: Shared | None = None
    ) -> None:
        self.parsed = parsed
        self.base = base
        self.symbols = symbols
        self.shared = shared
        self.graph = Graph(None if shared is None else shared.pool)
        self.english = English(self.graph, base) if shared is None else Silent(self.graph, base)
        self.names: dict[str, Value | None] = {}
        self.later: set[str] = set()
        self.read: set[str] = set()
        self.scope = Scope(base, "")
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.where: dict[int, ast.AST] = {}
        # Indicators beside the engine whose arguments must be tried, which takes time: where, name, arguments.
        self.trials: list[tuple[ast.AST, str, Mapping[str, float | int]]] = []
        self.percents = Marks()
        # Nodes whose formula sees no further back than their reach, though their operator could.
        self.bounded: set[int] = set()
        self._looked = 0
        self.nodes_at: dict[ast.expr, int] = {}
        # Per comparison, and place in its chain: node, left, sign, right, as the user wrote them.
        self.written: dict[tuple[ast.expr, int], tuple[int, int, str, int | None]] = {}

    def fail(self, node: ast.AST, code: str, message: str, hint: str = "") -> None:
        """Report an error at `node`. Raises TooManyErrors once there are as many as anybody reads."""
        self.errors.append(Diagnostic(code, *self.parsed.position(node), message, hint))
        if len(self.errors) == MAX_ERRORS:
            more = f"there are more errors than these {MAX_ERRORS}"
            self.errors.append(Diagnostic("F004", *self.parsed.position(node), more, "mend these first"))
            raise TooManyErrors

    def warn(self, node: ast.AST, code: str, message: str, hint: str = "") -> None:
        """Report a warning at `node`."""
        self.warnings.append(Diagnostic(code, *self.parsed.position(node), message, hint, "warning"))

    def near(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that looks most like `word`. The first few of a program are looked for: it takes time."""
        self._looked += 1
        return habits.nearest(word, known) if self._looked <= _MAX_LOOKED else None

    def did_you_mean(self, word: str, known: Iterable[str]) -> str:
        """`did you mean 'sma'?`, or nothing."""
        found = self.near(word, known)
        return f"did you mean '{found}'?" if found else ""

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """Within, bare series are those of `scope`."""
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = outer

    def add(self, at: ast.AST, op: str, args: Sequence[int], params: Sequence[Param] = ()) -> Series | None:
        """A node, or an error where constants leave the finite numbers."""
        try:
            node = self.graph.add(op, args, params)
        except ConstantError as error:
            self.fail(at, "F024", f"this constant has no value: {error}", "constants are finite numbers")
            return None
        return self.series(node, at)

    def series(self, node: int, at: ast.AST) -> Series:
        """A node as a value, remembering where it first came from."""
        self.where.setdefault(node, at)
        return Series(node, self.graph.nodes[node].dtype)

    def visit(self, node: ast.expr) -> Value | None:
        """The value of an expression; None where an error was reported."""
        if self.shared is not None and type(node) in (ast.Call, ast.Compare):
            return self.shared.visit(self, node)
        return self.evaluate(node)

    def evaluate(self, node: ast.expr) -> Value | None:
        """The value of an expression, from its parts."""
        value = self._value(node)
        if isinstance(value, Series):
            self.nodes_at[node] = value.node
        return value

    def _value(self, node: ast.expr) -> Value | None:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return calls.call(self, node)
            case ast.BinOp():
                return operators.arithmetic(self, node)
            case ast.UnaryOp():
                return operators.unary(self, node)
            case ast.BoolOp():
                return operators.logic(self, node)
            case ast.Compare():
                return operators.comparison(self, node)
            case ast.IfExp():
                return operators.choice(self, node)
        what, hint = _FORBIDDEN.get(type(node), ("this expression", ""))
        self.fail(node, "F006", f"{what} cannot be used in a filter", hint)
        return None

    def typed(self, node: ast.expr, dtype: Dtype, what: str) -> Series | None:
        """The series of an expression that must be a number or a boolean."""
        value = self.visit(node)
        return None if value is None else self.as_type(node, value, dtype, what)

    def as_type(self, at: ast.AST, value: Value, dtype: Dtype, what: str) -> Series | None:
        """`value` as a series of that type, or an error that says what `what` needs."""
        if isinstance(value, Outputs):
            names = ", ".join(f".{name}" for name in value.nodes)
            hint = f"choose one: {names}"
            self.fail(at, "F016", f"{value.indicator} has several outputs and is not one value", hint)
            return None
        if isinstance(value, Scope):
            holds, hint = _SCOPES.get(value.part, ("a whole set of candles", "choose one: .close"))
            self.fail(at, "F015", f"{what} needs a series, not {holds}", hint)
            return None
        if value.dtype == dtype:
            return value
        if dtype == "num":
            hint = "a condition counts as 1 if c else 0"
            self.fail(at, "F015", f"{what} needs a number, not a condition", hint)
        else:
            self.fail(at, "F015", f"{what} needs a condition, not a number", "compare it: x > 0")
        return None

    def _constant(self, node: ast.Constant) -> Value | None:
        value = node.value
        if isinstance(value, bool):
            return self.series(self.graph.const(value), node)
        if isinstance(value, int | float):
            try:
                return self.series(self.graph.const(float(value)), node)
            except (ConstantError, OverflowError):
                self.fail(node, "F024", "the number is too large", "constants are finite numbers")
                return None
        if isinstance(value, str):
            self.fail(node, "F006", "a text stands alone", 'texts are arguments only, as in tf("1h")')
        elif value is None:
            self.fail(node, "F006", "there is no None", "an unknown value is tested with na(x)")
        else:
            self.fail(node, "F006", "this is not a number", "")
        return None

    def _name(self, node: ast.Name) -> Value | None:
        name = node.id
        if name in self.names:
            self.read.add(name)
            return self.names[name]
        built_in = self.candle_series(name, self.scope, node)
        if built_in is not None:
            return built_in
        if name in _PARTS:
            return Scope(self.scope.interval, self.scope.symbol, _PARTS[name])
        if name in FUNCTIONS or name in MAKERS:
            self.fail(node, "F013", f"{name} is a function", f"call it: {name}(...)")
            return None
        self.unknown(node, name, called=False)
        return None

    def unknown(self, node: ast.AST, name: str, called: bool) -> None:
        """Report a name that means nothing, with the best hint there is."""
        lowered = name.lower()
        if lowered in habits.NOT_IN_CANDLES:
            message = f"candles do not hold '{name}'"
            self.fail(node, "F025", message, habits.NOT_IN_CANDLES[lowered])
            return
        if name in self.later:
            self.fail(node, "F012", f"'{name}' is used before it is assigned", "move its line up")
            return
        if self.parsed.broken and not called:
            # Its line may be the one that could not be read.
            if not any(e.code in ("F001", "F003") for e in self.parsed.errors):
                self.fail(node, "F012", f"unknown name '{name}'", "")
            return
        kind = "function" if called else "name"
        indicator = habits.INDICATORS.get(lowered, lowered)
        if lowered in habits.NAMES:
            hint = habits.NAMES[lowered]
        elif indicator in INDICATORS or indicator in EXTERNALS:
            hint = f"indicators are written ta.{indicator}(...)"
        elif pattern := words.pattern_named(name):
            hint = f"write cdl.{pattern}()"
        else:
            hint = self.did_you_mean(name, chain(BUILT_IN, self.names, self.later))
            if not hint and (near := self.near(name, INDICATORS)):
                hint = f"did you mean 'ta.{near}'?"
        self.fail(node, "F012", f"unknown {kind} '{name}'", hint)

    def candle_series(self, name: str, scope: Scope, at: ast.AST) -> Series | None:
        """A built-in series or time part of a scope; None for any other name."""
        if name in SERIES:
            return self.add(at, "src", (), (name, scope.interval, scope.symbol))
        if name in TIME_PARTS:
            return self.add(at, "time", (), (name, scope.interval, "UTC"))
        if name not in DERIVED:
            return None

        def of(field: str) -> Term:
            return Term(self.graph, self.graph.add("src", (), (field, scope.interval, scope.symbol)))

        phrases = {"volume_delta": "net taker volume"}
        if name == "volume_delta":
            term = of("buy_volume") - of("sell_volume")
        elif name == "hl2":
            term = (of("high") + of("low")) / 2.0
        elif name == "hlc3":
            term = (of("high") + of("low") + of("close")) / 3.0
        else:
            term = (of("open") + of("high") + of("low") + of("close")) / 4.0
        scale = "" if scope.interval == self.base else f"{scope.interval} "
        owner = f"{scope.symbol}'s " if scope.symbol else "the "
        self.english.note(term.node, f"{owner}{scale}{phrases.get(name, name)}")
        return self.series(term.node, at)

    def _attribute(self, node: ast.Attribute) -> Value | None:
        name = node.attr
        if isinstance(node.value, ast.Name) and node.value.id not in self.names and node.value.id not in BUILT_IN:
            root = node.value.id.lower()
            if root in habits.NAMES:
                self.fail(node, "F012", f"unknown name '{node.value.id}'", habits.NAMES[root])
                return None
        value = self.visit(node.value)
        if value is None:
            return None
        if name.startswith("_"):
            self.fail(node, "F006", f"'.{name}' is private", "leave it out")
            return None
        if isinstance(value, Outputs):
            return self._output(node, value, name)
        if isinstance(value, Scope):
            return calls.member(self, node, value, name)
        if isinstance(value, Pattern):
            return words.side(self, node, value, name)
        hint = habits.PANDAS.get(name, "")
        text = ast.unparse(node.value)[:40]
        if name in ("open", "high", "low", "close", "volume") and not hint:
            hint = f"write {name}"
        self.fail(node, "F017", f"'{text}' is a series and has no '.{name}'", hint)
        return None

    def _output(self, node: ast.Attribute, value: Outputs, name: str) -> Series | None:
        found = value.nodes.get(name)
        if found is None:
            wanted = habits.OUTPUTS.get(name.lower())
            names = ", ".join(f".{n}" for n in value.nodes)
            hint = f"write .{wanted}" if wanted in value.nodes else f"its outputs are {names}"
            self.fail(node, "F017", f"{value.indicator} has no output '{name}'", hint)
            return None
        self.english.note(found.node, value.phrases[name])
        self.where.setdefault(found.node, node)
        return found

    def _subscript(self, node: ast.Subscript) -> Value | None:
        value = self.visit(node.value)
        if isinstance(node.slice, ast.Slice | ast.Tuple):
            self.fail(node.slice, "F006", "slices cannot be used in a filter", _FORBIDDEN[ast.Slice][1])
            return None
        if isinstance(value, Outputs):
            first = next(iter(value.nodes))
            names = ", ".join(f".{n}" for n in value.nodes)
            hint = f"write .{first}; its outputs are {names}"
            self.fail(node, "F016", f"outputs of {value.indicator} are read by name", hint)
            return None
        index = self.visit(node.slice)
        if value is None or index is None:
            return None
        if isinstance(value, Scope):
            self.fail(node, "F015", "a whole set of candles has no candles ago", "choose a series: .close[1]")
            return None
        count = self.constant(index)
        text = ast.unparse(node.value)[:40]
        if count is None:
            hint = "a value at an event is valuewhen(cond, x, 0)"
            self.fail(node.slice, "F018", "the index must be a constant", hint)
            return None
        if count < 0:
            steps = f"{-count:g}"
            hint = f"{steps} candle{'s' if steps != '1' else ''} ago is {text}[{steps}]"
            self.fail(node.slice, "F018", "the index is negative, and the future is not known", hint)
            return None
        if count != int(count):
            self.fail(node.slice, "F018", "the index must be a whole number", f"write {text}[{int(count)}]")
            return None
        if count > calls.MAX_WINDOW:
            message = f"{number(count)} candles back is too far; at most {calls.MAX_WINDOW} are allowed"
            self.fail(node.slice, "F005", message, "use a higher interval with tf")
            return None
        return self.add(node, "shift", (value.node,), (int(count),))

    def constant(self, value: Value) -> float | None:
        """The number of a constant; None for a series or a boolean."""
        if isinstance(value, Series):
            found = self.graph.value(value.node)
            if found is not None and not isinstance(found, bool):
                return found
        return None
