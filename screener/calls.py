"""Calls and members: indicators, functions, `tf`, `symbol`, `session`, and what scopes hold."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from screener import advice, habits
from screener.binding import MAX_WINDOW, Bound, Call, interval_fits
from screener.describe import number
from screener.errors import ConstantError
from screener.formula import CandleTerms, Term, percent_change
from screener.functions import FUNCTIONS, Function
from screener.functions import PENDING as PENDING_FUNCTIONS
from screener.indicators import INDICATORS
from screener.indicators_more import PENDING as PENDING_INDICATORS
from screener.intervals import INTERVAL_MS
from screener.registry import Indicator
from screener.values import Outputs, Scope, Series, Value

if TYPE_CHECKING:
    from screener.expressions import Expressions

__all__ = ["MAX_WINDOW", "call", "member"]

_TIME: Final = frozenset({"hour", "minute", "weekday", "day", "month"})
_TICKER: Final = ("change_pct", "high", "low", "volume", "quote_volume")
_NOT_YET: Final = {
    "cdl": ("candlestick patterns are", "compare the candle itself: close > open, high - low"),
    "trade": ("values of the open trade are", "write stop and target from close: close - 2 * ta.atr(14)"),
}


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
    if scope.part in _NOT_YET:
        _not_yet(ex, node, *_NOT_YET[scope.part])
        return None
    if scope.part == "ticker":
        return _ticker(ex, node, name)
    if scope.part == "":
        series = ex.candle_series(name, scope, node)
        if series is not None:
            if name == "open" and scope.interval in ("1d", "1w") and scope.interval != ex.base:
                hint = f'the open of the one under way is valuewhen(tf("{scope.interval}").first, open, 0)'
                ex.warn(node, "W107", f"this is the open of the last closed {scope.interval} candle", hint)
            return series
        if name == "first":
            return ex.add(node, "first", (), (scope.interval, ex.scope.interval))
        if name in ("ta", "cdl"):
            return Scope(scope.interval, scope.symbol, "ta" if name == "ta" else "cdl")
    if name in INDICATORS or (scope.part == "" and name in FUNCTIONS):
        ex.fail(node, "F013", f"{name} is called with its arguments", f"write {_prefix(scope)}{name}(...)")
        return None
    _unknown_member(ex, node, scope, name)
    return None


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
    if name in PENDING_FUNCTIONS:
        _not_yet(ex, node, f"{name} is", "")
        return None
    if name == "tf":
        return _tf(ex, node, ex.scope)
    if name == "symbol":
        return _symbol(ex, node, ex.scope)
    if name == "session":
        return _session(ex, node)
    if name in _TIME:
        return _zoned(ex, node, name, ex.scope)
    if ex.candle_series(name, ex.scope, func) is not None:
        ex.fail(node, "F006", f"'{name}' is a series and cannot be called", f"write {name}, or {name}[1]")
        return None
    ex.unknown(func, name, called=True)
    return None


def _method(ex: Expressions, node: ast.Call, scope: Scope, name: str) -> Value | None:
    if scope.part in _NOT_YET:
        _not_yet(ex, node, *_NOT_YET[scope.part])
        return None
    if scope.part == "ticker":
        ex.fail(node, "F006", f"ticker.{name} is a value and cannot be called", "leave out the parentheses")
        return None
    if name in INDICATORS:
        return _indicator(ex, node, INDICATORS[name], scope)
    if name in PENDING_INDICATORS:
        _not_yet(ex, node, f"the indicator {name} is", "")
        return None
    if scope.part == "":
        if name == "tf":
            return _tf(ex, node, scope)
        if name == "symbol":
            return _symbol(ex, node, scope)
        if name in FUNCTIONS:
            return _function(ex, node, FUNCTIONS[name], scope)
        if name in _TIME:
            return _zoned(ex, node, name, scope)
    _unknown_member(ex, node, scope, name)
    return None


def _unknown_member(ex: Expressions, node: ast.AST, scope: Scope, name: str) -> None:
    if name.startswith("_"):
        ex.fail(node, "F006", f"'.{name}' is private", "leave it out")
        return
    lowered = name.lower()
    wanted = habits.INDICATORS.get(lowered)
    near = habits.nearest(name, INDICATORS)
    if name in FUNCTIONS or name in PENDING_FUNCTIONS:
        hint = f"write {name}(...) without ta."
    elif wanted is not None:
        hint = f"write {_prefix(scope)}{wanted}(...)"
        if wanted in PENDING_INDICATORS:
            hint = f"its name is {wanted}, which is not supported yet"
    else:
        hint = f"did you mean '{near}'?" if near else "the documentation lists every indicator"
    kind = "indicator" if scope.part == "ta" else "name"
    if lowered in habits.NOT_IN_CANDLES:
        ex.fail(node, "F025", f"candles do not hold '{name}'", habits.NOT_IN_CANDLES[lowered])
    elif scope.part != "ta" and name in ("closes", "prices"):
        ex.fail(node, "F012", f"unknown name '{name}'", "write .close")
    else:
        ex.fail(node, "F012", f"unknown {kind} '{name}'", hint)


def _not_yet(ex: Expressions, node: ast.AST, what: str, hint: str) -> None:
    ex.fail(node, "F023", f"{what} not supported yet", hint)


def _one_text(ex: Expressions, node: ast.Call, name: str, example: str) -> str | None:
    args = [*node.args, *(k.value for k in node.keywords)]
    if name == "tf" and len(args) == 1 and isinstance(args[0], ast.Constant) and type(args[0].value) is int:
        ex.fail(node, "F013", "tf takes a text", habits.interval_hint(str(args[0].value)[:8], INTERVAL_MS))
        return None
    if len(args) != 1 or not isinstance(args[0], ast.Constant) or not isinstance(args[0].value, str):
        ex.fail(node, "F013", f"{name} takes one text", f'write {name}("{example}")')
        return None
    return args[0].value


def _tf(ex: Expressions, node: ast.Call, scope: Scope) -> Scope | None:
    label = _one_text(ex, node, "tf", "1h")
    if label is None or not interval_fits(ex, node, label):
        return None
    return Scope(label, scope.symbol)


def _symbol(ex: Expressions, node: ast.Call, scope: Scope) -> Scope | None:
    name = _one_text(ex, node, "symbol", "BTCUSDT")
    if name is None:
        return None
    if ex.symbols is not None and name not in ex.symbols:
        plain = "".join(c for c in name.upper() if c.isalnum())
        near = next((c for c in (plain, f"{plain}USDT", f"{plain}T") if c in ex.symbols), None)
        hint = f"did you mean '{near}'?" if near else habits.did_you_mean(name, ex.symbols)
        ex.fail(node, "F020", f"unknown symbol '{name[:30]}'", hint)
        return None
    if not name.isalnum() or len(name) > 30:
        ex.fail(node, "F020", f"'{name[:30]}' is not a symbol", 'symbols are written like "BTCUSDT"')
        return None
    if ex.symbols is None:
        ex.warn(node, "W103", f"without a market it is not known whether '{name}' exists", "")
    return Scope(scope.interval, name)


def zone_exists(zone: str) -> bool:
    """Whether a time zone of that name is known."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone(ex: Expressions, node: ast.AST, zone: str) -> bool:
    if zone_exists(zone):
        return True
    ex.fail(node, "F014", f"unknown time zone '{zone[:40]}'", 'such as "America/New_York" or "UTC"')
    return False


def _zoned(ex: Expressions, node: ast.Call, part: str, scope: Scope) -> Value | None:
    zone = _one_text(ex, node, part, "America/New_York")
    if zone is None or not _zone(ex, node, zone):
        return None
    return ex.add(node, "time", (), (part, scope.interval, zone))


def _clock(text: str) -> int | None:
    """Minutes of a clock time such as 09:30."""
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isascii() and minute.isascii() and hour.isdigit() and minute.isdigit()):
        return None
    if len(hour) > 2 or len(minute) != 2 or int(hour) > 24 or int(minute) > 59:
        return None
    return int(hour) * 60 + int(minute)


def _session(ex: Expressions, node: ast.Call) -> Value | None:
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    usage = 'write session("09:30-16:00", "America/New_York")'
    if len(texts) != len(node.args) or not 1 <= len(texts) <= 2 or node.keywords:
        ex.fail(node, "F013", "session takes hours and a time zone", usage)
        return None
    start_text, _, end_text = texts[0].partition("-")
    start, end = _clock(start_text), _clock(end_text)
    zone = texts[1] if len(texts) == 2 else "UTC"
    if start is None or end is None or start == end:
        ex.fail(node, "F014", f"'{texts[0][:20]}' is not a session", usage)
        return None
    if not _zone(ex, node, zone):
        return None

    def part(name: str) -> Term:
        return Term(ex.graph, ex.graph.add("time", (), (name, ex.scope.interval, zone)))

    now = part("hour") * 60.0 + part("minute")
    after, before = now >= float(start), now < float(end)
    found = after & before if start < end else after | before
    ex.english.note(found.node, f"the time is within {texts[0]} in {zone}")
    return ex.series(found.node, node)


def _ticker(ex: Expressions, node: ast.Attribute, name: str) -> Value | None:
    if name not in _TICKER:
        names = ", ".join(f"ticker.{n}" for n in _TICKER)
        ex.fail(node, "F017", f"ticker has no '.{name}'", f"there are {names}")
        return None
    if INTERVAL_MS["1d"] % INTERVAL_MS[ex.base]:
        ex.fail(node, "F019", f"24 hours are not made of {ex.base} candles", "use tf or change(x, n)")
        return None
    n = INTERVAL_MS["1d"] // INTERVAL_MS[ex.base]

    def of(field: str) -> Term:
        return Term(ex.graph, ex.graph.add("src", (), (field, ex.base, ex.scope.symbol)))

    if name == "change_pct":
        term = percent_change(of("close"), n)
        ex.percents.add(term.node)
    elif name in ("high", "low"):
        term = of(name).op("rmax" if name == "high" else "rmin", n)
    else:
        term = of(name).op("rsum", n)
    word = {"change_pct": "change in percent", "quote_volume": "quote volume"}.get(name, name)
    ex.english.note(term.node, f"the 24-hour {word}")
    return ex.series(term.node, node)


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
            else:
                inner = ", ".join(row.candles)
                hint = f"leave them out, or give all: {name}({inner}, ...)"
                ex.fail(node, "F013", f"{name} reads {inner} by itself", hint)
                bad = True
                positional = positional[leading:]
        bound = call.bind(row.args, positional)
    if bound is None or bad:
        return None
    candles = CandleTerms(ex.graph, scope.interval, scope.symbol, tuple(given))
    try:
        found = row.formula(candles, *bound)
    except ConstantError as error:
        ex.fail(node, "F024", f"{name} has no value here: {error}", "constants are finite numbers")
        return None
    return _named_result(ex, node, row, scope, bound, given, found)


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
