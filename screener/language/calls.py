"""Calls and members: indicators, functions, and what scopes such as `tf("1h")`, `cdl` and `trade` hold."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from screener.errors import ConstantError
from screener.external.catalogue import EXTERNALS
from screener.intervals import LENGTH_MS
from screener.language import advice, habits, scopes, words
from screener.language.binding import MAX_WINDOW, Bound, Call, anchor_fits
from screener.language.describe import number
from screener.language.plan import used
from screener.language.values import Outputs, Scope, Series, Value
from screener.vocabulary.formula import CandleTerms, Term
from screener.vocabulary.functions import Function
from screener.vocabulary.functions_more import FUNCTIONS, MARKET
from screener.vocabulary.indicators import INDICATORS
from screener.vocabulary.patterns import PATTERNS
from screener.vocabulary.registry import Indicator

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

__all__ = ["MAX_WINDOW", "call", "member"]

_TIME: Final = frozenset({"hour", "minute", "weekday", "day", "month"})
_SPACES: Final[dict[str, Literal["ta", "cdl", "ticker"]]] = {"ta": "ta", "cdl": "cdl", "ticker": "ticker"}


def call(ex: Expressions, node: ast.Call) -> Value | None:
    """The value of a call."""
    func = node.func
    if isinstance(func, ast.Name):
        return _named(ex, node, func)
    if not isinstance(func, ast.Attribute):
        ex.fail(node, "F006", "only functions can be called", "")
        return None
    if isinstance(func.value, ast.Name) and func.value.id not in ex.names:
        root = func.value.id
        if func.attr in FUNCTIONS and root in ("math", "np", "numpy", "talib", "pta"):
            ex.fail(node, "F012", f"unknown name '{root}'", f"write {func.attr}(...) without {root}.")
            return None
        if root in ("request", "strategy", "math", "np", "pd", "talib", "pta", "syminfo"):
            ex.fail(node, "F012", f"unknown name '{root}'", habits.NAMES[root])
            return None
    owner = ex.visit(func.value)
    if owner is None:
        return None
    if isinstance(owner, Scope):
        return _method(ex, node, owner, func.attr)
    text = ast.unparse(func.value)[:40]
    hint = habits.PANDAS.get(func.attr, "")
    ex.fail(node, "F017", f"'{text}' is a series and has no '.{func.attr}(...)'", hint)
    return None


def member(ex: Expressions, node: ast.Attribute, scope: Scope, name: str) -> Value | None:
    """`tf("4h").close`, `ticker.high`: a scope's member that is not called."""
    if scope.part == "trade":
        return words.trade_member(ex, node, name)
    if scope.part == "ticker":
        return scopes.ticker(ex, node, scope, name)
    if scope.part == "cdl":
        _uncalled_pattern(ex, node, name)
        return None
    if scope.part == "":
        series = ex.candle_series(name, scope, node)
        if series is not None:
            if name == "open" and LENGTH_MS[scope.interval] >= LENGTH_MS["1d"] and scope.interval != ex.base:
                hint = f'the open of the one under way is valuewhen(tf("{scope.interval}").first, open, 0)'
                ex.warn(node, "W107", f"this is the open of the last closed {scope.interval} candle", hint)
            return series
        if name == "first":
            if not anchor_fits(ex, node, scope.interval):
                return None
            return ex.add(node, "first", (), (scope.interval, ex.scope.interval))
        if name in _SPACES:
            return Scope(scope.interval, scope.symbol, _SPACES[name])
    if name in INDICATORS or (scope.part == "ta" and name in EXTERNALS) or (scope.part == "" and name in FUNCTIONS):
        ex.fail(node, "F013", f"{name} is called with its arguments", f"write {_prefix(scope)}{name}(...)")
        return None
    _unknown_member(ex, node, scope, name)
    return None


def _uncalled_pattern(ex: Expressions, node: ast.AST, name: str) -> None:
    if name in PATTERNS:
        ex.fail(node, "F013", f"cdl.{name} is called", f"write cdl.{name}()")
    else:
        words.unknown_pattern(ex, node, name)


def _prefix(scope: Scope) -> str:
    return "ta." if scope.part == "ta" else f'tf("{scope.interval}").'


def _named(ex: Expressions, node: ast.Call, func: ast.Name) -> Value | None:
    name = func.id
    if name in ex.names:
        ex.read.add(name)
        ex.fail(node, "F006", f"'{name}' is a value and cannot be called", "")
        return None
    if name in FUNCTIONS:
        return _function(ex, node, FUNCTIONS[name], ex.scope)
    if name == "tf":
        return scopes.tf(ex, node, ex.scope)
    if name == "symbol":
        return scopes.symbol(ex, node, ex.scope)
    if name == "session":
        return scopes.session(ex, node)
    if name in _TIME:
        return scopes.zoned(ex, node, name, ex.scope)
    if ex.candle_series(name, ex.scope, func) is not None:
        ex.fail(node, "F006", f"'{name}' is a series and cannot be called", f"write {name}, or {name}[1]")
        return None
    ex.unknown(func, name, called=True)
    return None


def _method(ex: Expressions, node: ast.Call, scope: Scope, name: str) -> Value | None:
    if scope.part == "trade":
        return words.trade_call(ex, node, name)
    if scope.part == "cdl":
        return words.pattern(ex, node, scope, name)
    if scope.part == "ticker":
        ex.fail(node, "F006", f"ticker.{name} is a value and cannot be called", "leave out the parentheses")
        return None
    if name in INDICATORS:
        return _indicator(ex, node, INDICATORS[name], scope)
    if scope.part == "":
        if name == "tf":
            return scopes.tf(ex, node, scope)
        if name == "symbol":
            return scopes.symbol(ex, node, scope)
        if name in FUNCTIONS:
            return _function(ex, node, FUNCTIONS[name], scope)
        if name in _TIME:
            return scopes.zoned(ex, node, name, scope)
    if name in EXTERNALS:
        return words.external(ex, node, scope, EXTERNALS[name])
    _unknown_member(ex, node, scope, name)
    return None


def _unknown_member(ex: Expressions, node: ast.AST, scope: Scope, name: str) -> None:
    if name.startswith("_"):
        ex.fail(node, "F006", f"'.{name}' is private", "leave it out")
        return
    lowered = name.lower()
    wanted = habits.INDICATORS.get(lowered)
    near = ex.near(name, (*INDICATORS, *EXTERNALS))
    pattern = words.pattern_named(name)
    if name in FUNCTIONS:
        hint = f"write {name}(...) without ta."
    elif lowered in habits.FUNCTION_NAMES:
        hint = f"write {habits.FUNCTION_NAMES[lowered]}"
    elif wanted is not None:
        hint = f"write {_prefix(scope)}{wanted}(...)"
    elif pattern is not None:
        hint = f"write {'' if scope.part == 'ta' else _prefix(scope)}cdl.{pattern}()"
    else:
        hint = f"did you mean '{near}'?" if near else "the documentation lists every indicator"
    kind = "indicator" if scope.part == "ta" else "name"
    if lowered in habits.NOT_IN_CANDLES:
        ex.fail(node, "F025", f"candles do not hold '{name}'", habits.NOT_IN_CANDLES[lowered])
    elif scope.part == "" and name == "trade":
        ex.fail(
            node, "F012", "the open trade has no interval or symbol of its own", "write trade.bars, trade.price, ..."
        )
    elif scope.part != "ta" and name in ("closes", "prices"):
        ex.fail(node, "F012", f"unknown name '{name}'", "write .close")
    else:
        ex.fail(node, "F012", f"unknown {kind} '{name}'", hint)


def _function(ex: Expressions, node: ast.Call, row: Function, scope: Scope) -> Value | None:
    with ex.inside(scope):
        bound = Call(ex, node, row.name, {}).bind(row.args, node.args, row.many)
    if bound is None:
        return None
    try:
        term = row.formula(*bound)
    except ConstantError as error:
        ex.fail(node, "F024", f"this constant has no value: {error}", "constants are finite numbers")
        return None
    if row.name in MARKET:
        _across_the_market(ex, node, row, bound)
    if row.name in ("bullish_divergence", "bearish_divergence"):
        # Both pivots lie within n candles, so what was before those does not matter.
        given = used(ex.graph.nodes, [b.node for b in bound if isinstance(b, Term)])
        ex.bounded.update(set(used(ex.graph.nodes, [term.node])) - set(given))
    if row.phrase is not None:
        parts = [b for b in bound if not isinstance(b, str)]
        ex.english.note(term.node, row.phrase(ex.english, term.node, parts), override=True)
    if row.side:
        _crossing(ex, node, row.side, bound, term)
    if row.name == "count" and isinstance(bound[0], Term):
        advice.moving_level(ex, node, bound[0].node)
    if row.name == "pct_change":
        ex.percents.add(term.node)
    if row.name == "between" and isinstance(bound[0], Term):
        ex.written[(node, 0)] = (term.node, bound[0].node, "between", None)
    return ex.series(term.node, node)


def _across_the_market(ex: Expressions, node: ast.Call, row: Function, bound: list[Bound]) -> None:
    terms = [b for b in bound if isinstance(b, Term)]
    for term in terms:
        if words.reads_trade(ex, term.node):
            ex.fail(node, "F026", f"{row.name} reads all symbols, and a trade is of one", "compare the symbol itself")
            return
    nodes = ex.graph.nodes
    below = [nodes[n] for n in used(nodes, [terms[0].node])]
    if all(n.params[2] != "" for n in below if n.op in ("src", "external")):
        message = f"what {row.name} reads is the same for every symbol"
        ex.warn(node, "W108", message, "read a series of the screened symbol, such as close")
    if ex.graph.value(terms[1].node) is False:
        ex.fail(node, "F022", f"{row.name} has no symbol left: where is never true", "leave where out")


def _crossing(ex: Expressions, node: ast.Call, side: str, bound: list[Bound], term: Term) -> None:
    a, b = bound[0], bound[1]
    assert isinstance(a, Term) and isinstance(b, Term)
    ex.english.compare(term.node, a.node, side, b.node)
    ex.written[(node, 0)] = (term.node, a.node, side, b.node)
    if side != "crosses below":
        advice.never(ex, node, ex.graph.add("lt", (b.node, a.node)))
    if side != "crosses above":
        advice.never(ex, node, ex.graph.add("lt", (a.node, b.node)))
    advice.crossing(ex, node, a.node, b.node)


def _indicator(ex: Expressions, node: ast.Call, row: Indicator, scope: Scope) -> Value | None:
    name = f"ta.{row.name}"
    bad = False
    with ex.inside(Scope(scope.interval, scope.symbol)):
        call = Call(ex, node, name, {})
        positional = list(node.args)
        given: list[tuple[str, Term]] = []
        if row.candles and _leading_series(call, positional):
            leading = _leading_series(call, positional)
            if leading == len(row.candles):
                terms = [call.value(expr) for expr in positional[:leading]]
                given = [
                    (field, Term(ex.graph, t.node))
                    for field, t in zip(row.candles, terms, strict=True)
                    if isinstance(t, Series)
                ]
                positional = positional[leading:]
                fields = [_field(ex, term) for _, term in given]
                if fields != list(row.candles) and sorted(fields) == sorted(row.candles):
                    order = ", ".join(row.candles)
                    ex.fail(node, "F013", f"{name} takes them in the order {order}", f"leave them out: {name}(...)")
                    bad = True
            else:
                inner = ", ".join(row.candles)
                hint = f"leave them out, or give all: {name}({inner}, ...)"
                ex.fail(node, "F013", f"{name} reads {inner} by itself", hint)
                bad = True
                positional = positional[leading:]
        bound = call.bind(row.args, positional)
    if bound is None or bad:
        return None
    if row.name == "supertrend" and _below(*bound[:2]):
        ex.warn(node, "W110", "the length is below the multiplier", "the length comes first: ta.supertrend(10, 3)")
    candles = CandleTerms(ex.graph, scope.interval, scope.symbol, tuple(given))
    try:
        found = row.formula(candles, *bound)
    except ConstantError as error:
        ex.fail(node, "F024", f"{name} has no value here: {error}", "constants are finite numbers")
        return None
    return _named_result(ex, node, row, scope, bound, given, found)


def _field(ex: Expressions, term: Term) -> str:
    found = ex.graph.nodes[term.node]
    return str(found.params[0]) if found.op == "src" else ""


def _leading_series(call: Call, positional: list[ast.expr]) -> int:
    """How many of the first arguments are number series."""
    for count, expr in enumerate(positional):
        if isinstance(expr, ast.Constant):
            return count
        value = call.value(expr)
        is_series = isinstance(value, Series) and value.dtype == "num"
        if not is_series or (isinstance(value, Series) and call.ex.graph.value(value.node) is not None):
            return count
    return len(positional)


def _below(length: Bound, multiplier: Bound) -> bool:
    return isinstance(length, int | float) and isinstance(multiplier, int | float) and length < multiplier


def _named_result(
    ex: Expressions,
    node: ast.Call,
    row: Indicator,
    scope: Scope,
    bound: list[Bound],
    given: list[tuple[str, Term]],
    found: Term | Mapping[str, Term],
) -> Value:
    constants = ", ".join(number(b) for b in bound if not isinstance(b, Term))
    on = next((b for b in bound if isinstance(b, Term)), None)
    if on is not None:
        of = ex.english.suffix(on.node)
    else:
        interval = ex.graph.nodes[given[0][1].node].interval if given else scope.interval
        whose = f"{scope.symbol}'s " if scope.symbol else ""
        scale = "" if interval in (None, ex.base) else f"{interval} "
        of = f" of {whose}{scale}candles" if whose or scale else ""
    phrases = {name: text.format(p=constants, of=of) for name, text in row.phrase.items()}
    if isinstance(found, Term):
        ex.english.note(found.node, phrases[""], override=True)
        if row.name == "roc":
            ex.percents.add(found.node)
        return ex.series(found.node, node)
    outputs = {name: Series(t.node, ex.graph.nodes[t.node].dtype) for name, t in found.items()}
    return Outputs(row.name, outputs, phrases)
