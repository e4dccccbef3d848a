"""Words behind a name: `cdl.NAME()`, `trade.NAME` and the long tail of `ta.NAME(...)`.

1. `pattern` turns a row of `screener.vocabulary.patterns` into a boolean whose other side is read by name.
2. `trade_member` and `trade_call` make the values of the open trade; `outside_a_trade` refuses them elsewhere.
3. `external` makes the node of an indicator that runs per symbol beside the engine, and warns of it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from screener.external.catalogue import needs_trial, node_params, refusal
from screener.external.model import Argument, Constant, External, converted
from screener.language import habits
from screener.language.binding import Bound, Call
from screener.language.describe import external_name, number
from screener.language.plan import used
from screener.language.values import Outputs, Pattern, Scope, Series, Value
from screener.ops import OPS
from screener.vocabulary.formula import CandleTerms, Term
from screener.vocabulary.patterns import PATTERNS
from screener.vocabulary.registry import Arg, Kind

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

MAX_TRIALS: Final = 8
MAX_ASKED: Final = 100
"""How many different indicators beside the engine a filter may give arguments of their own."""

MEMBERS: Final[dict[str, tuple[str, str]]] = {
    "bars": ("trade_bars", "candles since the entry, 0 on its candle"),
    "price": ("trade_price", "the price of the entry's fill"),
}
"""Values of the open trade: operator and meaning."""


@dataclass(frozen=True, slots=True)
class TradeFunction:
    """A function of the open trade: its operator and meaning."""

    op: str
    meaning: str


METHODS: Final[dict[str, TradeFunction]] = {
    "at_entry": TradeFunction("at_entry", "x on the candle of the entry"),
    "highest": TradeFunction("trade_max", "largest x since the entry, its candle included"),
    "lowest": TradeFunction("trade_min", "smallest x since the entry, its candle included"),
}
"""Functions of the open trade."""

METHOD_ARGS: Final = (Arg("x", "series"),)


def _candles_of(ex: Expressions, scope: Scope, word: str = "of") -> str:
    """` of BTCUSDT's 4h candles`, where that does not go without saying."""
    owner = f"{scope.symbol}'s " if scope.symbol else ""
    scale = "" if scope.interval == ex.base else f"{scope.interval} "
    return f" {word} {owner}{scale}candles" if owner or scale else ""


def pattern(ex: Expressions, node: ast.Call, scope: Scope, name: str) -> Value | None:
    """`cdl.NAME()`: the bullish side where there are two."""
    row = PATTERNS.get(name)
    if row is None:
        unknown_pattern(ex, node, name)
        return None
    if node.args or node.keywords:
        ex.fail(node, "F013", f"cdl.{name} takes no arguments", f"write cdl.{name}()")
        return None
    found = row.formula(CandleTerms(ex.graph, scope.interval, scope.symbol))
    words, where = name.replace("_", " "), _candles_of(ex, scope, "on")
    sides: dict[str, Series] = {}
    for side, term in found.items() if isinstance(found, Mapping) else [("", found)]:
        kind = f"{side} {words}".strip()
        article = "an" if kind[0] in "aeiou" else "a"
        ex.english.note(term.node, f"{article} {kind} pattern is complete{where}", override=True)
        sides[side] = ex.series(term.node, node)
    first = next(iter(sides.values()))
    return Pattern(first.node, first.dtype, name, sides if "" not in sides else {})


def side(ex: Expressions, node: ast.Attribute, value: Pattern, name: str) -> Value | None:
    """`cdl.engulfing().bearish`."""
    if name in value.sides:
        return value.sides[name]
    call = f"cdl.{value.name}()"
    if name in ("bullish", "bearish"):
        ex.fail(node, "F017", f"{call} has one side", f"write {call}")
    else:
        names = ", ".join(f".{n}" for n in value.sides)
        hint = f"its sides are {names}" if names else f"write {call}"
        ex.fail(node, "F017", f"{call} is a condition and has no '.{name}'", hint)
    return None


def pattern_named(name: str) -> str | None:
    """The pattern that a name from elsewhere means: `cdlengulfing`, `CDL3BLACKCROWS`, `Hammer`."""
    return _ELSEWHERE.get(name.lower().removeprefix("cdl").replace("_", ""))


_ELSEWHERE: Final = {row.talib.lower().removeprefix("cdl"): name for name, row in PATTERNS.items()} | {
    name.replace("_", ""): name for name in PATTERNS
}


def unknown_pattern(ex: Expressions, node: ast.AST, name: str) -> None:
    """Report a pattern that there is not."""
    known = pattern_named(name)
    near = f"write cdl.{known}()" if known else ex.did_you_mean(name, PATTERNS)
    ex.fail(node, "F012", f"unknown candlestick pattern '{name}'", near or "the documentation lists every pattern")


def trade_member(ex: Expressions, node: ast.Attribute, name: str) -> Value | None:
    """`trade.bars`, `trade.price`."""
    if name in MEMBERS:
        return ex.add(node, MEMBERS[name][0], (), (name, ex.base))
    if name in METHODS:
        ex.fail(node, "F013", f"trade.{name} is called with what it reads", f"write trade.{name}(close)")
    else:
        _unknown_trade(ex, node, name)
    return None


def trade_call(ex: Expressions, node: ast.Call, name: str) -> Value | None:
    """`trade.at_entry(x)`, `trade.highest(x)`, `trade.lowest(x)`."""
    row = METHODS.get(name)
    if row is None:
        if name in MEMBERS:
            ex.fail(node, "F006", f"trade.{name} is a value and cannot be called", "leave out the parentheses")
        else:
            _unknown_trade(ex, node, name)
        return None
    bound = Call(ex, node, f"trade.{name}", {}).bind(METHOD_ARGS, node.args)
    if bound is None:
        return None
    (x,) = bound
    assert isinstance(x, Term)
    found = x.op(row.op, ex.base)
    return ex.series(found.node, node)


def _unknown_trade(ex: Expressions, node: ast.AST, name: str) -> None:
    known = [f"trade.{n}" for n in MEMBERS] + [f"trade.{n}(x)" for n in METHODS]
    wanted = habits.TRADE.get(name.lower())
    hint = f"write {wanted}" if wanted else f"there are {', '.join(known)}"
    ex.fail(node, "F017", f"trade has no '.{name}'", hint)


def reads_trade(ex: Expressions, node: int) -> bool:
    """Whether a value depends on the open trade."""
    return any(OPS[ex.graph.nodes[n].op].kind == "trade" for n in used(ex.graph.nodes, [node]))


def outside_a_trade(ex: Expressions, result: str, definitions: Mapping[str, ast.expr]) -> None:
    """Report every use of the open trade in a result that is computed without one."""
    hint = "use it in exit, stop or target; candles since an event are barssince(cond)"
    for part in ast.walk(definitions[result]):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "trade":
            ex.fail(part, "F026", f"{result} knows no open trade", hint)
        elif isinstance(part, ast.Name) and part.id in definitions:
            value = ex.names.get(part.id)
            if isinstance(value, Series) and reads_trade(ex, value.node):
                ex.fail(part, "F026", f"{result} knows no open trade, which '{part.id}' reads", hint)


def external(ex: Expressions, node: ast.Call, scope: Scope, row: External) -> Value | None:
    """`ta.NAME(...)` beyond the registry: computed per symbol, by the library that has it."""
    name = f"ta.{row.name}"
    with ex.inside(Scope(scope.interval, scope.symbol)):
        call = Call(ex, node, name, {})
        args = tuple(_argument(a) for a in row.arguments)
        bound = call.bind(args, _without_candles(call, node.args, row, scope))
    if bound is None:
        return None
    given = {a.name: _constant(a, b) for a, b in zip(row.arguments, bound, strict=True)}
    if needs_trial(row, given):
        ex.trials.append((node, row.name, given))
        if len(ex.trials) > MAX_ASKED:
            # Far more than may be tried: `try_externals` says so, and nothing is made of them.
            return None
    elif (problem := refusal(row.name, given)) is not None:
        ex.fail(node, "F027", problem.message, problem.hint)
        return None
    message = f"{name} is computed per symbol beside the engine, which takes longer"
    ex.warn(node, "W109", message, "it counts as slow against the quota")
    inner = ", ".join(number(v) for v in given.values())
    of = _candles_of(ex, scope)
    outputs: dict[str, Series] = {}
    phrases: dict[str, str] = {}
    for output in row.outputs or ("",):
        found = ex.add(node, "external", (), node_params(row, output, given, scope.interval, scope.symbol))
        assert found is not None
        kind = "" if output == row.name else output.replace("_", " ")
        words = external_name(row.name, kind)
        outputs[output], phrases[output] = found, f"{words}({inner}){of}" if inner else f"{words}{of}"
    if "" in outputs:
        ex.english.note(outputs[""].node, phrases[""])
        return outputs[""]
    return Outputs(row.name, outputs, phrases)


def try_externals(ex: Expressions) -> None:
    """Try the arguments that need it, once nothing else is wrong: a trial takes up to 300 ms."""
    different = {(name, tuple(sorted(given.items()))) for _, name, given in ex.trials}
    if len(different) > MAX_TRIALS:
        message = f"{len(different)} indicators beside the engine have arguments of their own; at most {MAX_TRIALS} may"
        ex.fail(ex.trials[-1][0], "F004", message, "leave out an indicator, or split it into several strategies")
        return
    for node, name, given in ex.trials:
        problem = refusal(name, given)
        if problem is not None:
            ex.fail(node, "F027", problem.message, problem.hint)


def _argument(argument: Argument) -> Arg:
    kinds: dict[str, Kind] = {"int": "length", "float": "const", "bool": "flag"}
    high = max(argument.high, argument.default)
    return Arg(argument.name, kinds[argument.kind], argument.default, argument.low, high)


def _constant(argument: Argument, value: Bound) -> Constant:
    assert isinstance(value, int | float)
    return converted(argument, value)


def _without_candles(call: Call, positional: list[ast.expr], row: External, scope: Scope) -> list[ast.expr]:
    """The arguments after the candles' own series, which may be written and change nothing."""
    graph = call.ex.graph
    own = [graph.add("src", (), (field, scope.interval, scope.symbol)) for field in row.fields]
    written = []
    for expr in positional[: len(own)]:
        value = None if isinstance(expr, ast.Constant) else call.value(expr)
        written.append(value.node if isinstance(value, Series) else None)
    return positional[len(own) :] if written == own else positional
