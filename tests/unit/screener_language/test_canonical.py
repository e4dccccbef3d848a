"""Canonical source: from the graph alone, it reads well, compiles to the same hash and is one text per hash."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.distribution import strategies
from screener import CannotSpell, FilterError, Graph, Program, canonical_source, compile_filter
from screener.external.catalogue import EXTERNALS
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS
from screener.vocabulary.patterns import PATTERNS
from screener.vocabulary.registry import Arg

LINES = [
    ("match = ta.rsi(close, 14) < 30", "match = ta.rsi(close, 14) < 30"),
    ("match = 30 > ta.rsi(close)", "match = ta.rsi(close, 14) < 30"),
    ("match = ta.ema(close, 200) < close", "match = close > ta.ema(close, 200)"),
    ('match = ta.rsi(tf("4h").close, 14) > 70', 'match = tf("4h").rsi(close, 14) > 70'),
    ('match = ta.ema(symbol("BTCUSDT").close, 9) > 5', 'match = symbol("BTCUSDT").ema(close, 9) > 5'),
    (
        'match = tf("4h").bbands(close, 20, 2).lower > close',
        'match = close < tf("4h").bbands(close, 20, 2).lower',
    ),
    ("match = volume > 1.5 * avg(volume, 20)", "match = volume > 1.5 * ta.sma(volume, 20)"),
    ("match = close > highest(high, 20)[1]", "match = close > highest(high, 20)[1]"),
    (
        "match = ta.ema(close, 9) > ta.ema(close, 21) and ta.ema(close, 9)[1] <= ta.ema(close, 21)[1]",
        "match = crossover(ta.ema(close, 9), ta.ema(close, 21))",
    ),
    ("match = cdl.engulfing() and close > 1", "match = cdl.engulfing() and close > 1"),
    ('match = tf("4h").cdl.engulfing().bearish', 'match = tf("4h").cdl.engulfing().bearish'),
    ("match = (high + low) / 2 > 5", "match = hl2 > 5"),
    ("match = max(close, open, 3) > high[1]", "match = high[1] < max(3, close, open)"),
    ("match = highest(high, tf('1d').first) > 5", 'match = highest(high, tf("1d").first) > 5'),
    ("match = tf('4h').vwap() > 5", 'match = tf("4h").vwap("1d") > 5'),
    ("match = ta.hma(close, 55) > ta.linreg(close, 9)", "match = ta.linreg(close, 9) < ta.hma(close, 55)"),
    ("match = ta.psar(high, highest(low, 2)) > 5", "match = ta.psar(high, highest(low, 2), 0.02, 0.2) > 5"),
    ("match = pivot_low(low, 5, 3) > 5", "match = pivot_low(low, 5, 3) > 5"),
    ("match = rank(close, where=volume > 5) < 9", "match = rank(close, volume > 5) < 9"),
    ("match = not (close > 1 and open > 1)", "match = not (open > 1 and close > 1)"),
    ("match = (close - open) / (high - low) > 0.5", "match = (close - open) / (high - low) > 0.5"),
    ("match = close > 1 if open > 2 else close > 3", "match = close > 1 if open > 2 else close > 3"),
    ("match = -close ** 2 > -3", "match = -close ** 2 > -3"),
    ("match = 1.1 * -(close - 2) < 1e-7", "match = 1.1 * -(close - 2) < 1e-07"),
    ("match = hour('America/New_York') == 9", 'match = hour("America/New_York") == 9'),
]


@pytest.mark.parametrize(("text", "wanted"), LINES)
def test_it_reads_as_one_would_write_it(text: str, wanted: str) -> None:
    found = canonical_source(compile_filter(text, "15m"))
    left, right = (set(t.removeprefix("match = ").split(" and ")) for t in (found, wanted))
    assert left == right, found


def round_trip(program: Program) -> str:
    text = canonical_source(program)
    again = compile_filter(text, program.base)
    assert again.hash == program.hash, text
    assert canonical_source(again) == text
    return text


def _argument(arg: Arg, odd: bool) -> str:
    match arg.kind:
        case "length" | "window":
            return str(int(max(arg.low or 1, 7 if odd else 20)))
        case "index":
            return "1"
        case "const":
            return "2.25"
        case "flag":
            return "True"
        case "interval":
            return '"1w"'
        case "bool" | "condition":
            return "close > open"
    if arg.name in ("b", "osc", "lo", "hi"):
        return "ta.rsi(close, 14)"
    return "(high - low)[2]" if odd else "close"


def _calls() -> Iterator[str]:
    for odd, scope in itertools.product((False, True), ("ta.", 'tf("4h").', 'symbol("ETHUSDT").tf("1d").')):
        for row in INDICATORS.values():
            given = ", ".join(_argument(a, odd) for a in row.args if odd or a.default is None)
            yield from (f"{scope}{row.name}({given}){f'.{o}' if o else ''}" for o in row.outputs or ("",))
    for odd in (False, True):
        for function in FUNCTIONS.values():
            yield f"{function.name}({', '.join(_argument(a, odd) for a in function.args if odd or a.default is None)})"


@pytest.mark.parametrize("call", _calls())
def test_every_word_comes_back(call: str) -> None:
    try:
        program = compile_filter(f"x = {call}\nmatch = x > 0.5 and (x if close > open else x[1]) != x[3]", "15m")
    except FilterError as error:
        assert {d.code for d in error.diagnostics} <= {"F015", "F022"}, call
        # A condition, not a number; or a number from 1 on.
        text = call if "F015" in str(error) else f"{call} > 1.5"
        program = compile_filter(f"match = close[3] > 1 and {text}", "15m")
    round_trip(program)


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_comes_back_by_its_name(name: str) -> None:
    assert f"cdl.{name}()" in round_trip(compile_filter(f"match = cdl.{name}() and close > 1", "1h"))


@pytest.mark.parametrize("name", [name for name, row in EXTERNALS.items() if row.usable])
def test_every_name_of_the_long_tail_comes_back(name: str) -> None:
    output = EXTERNALS[name].outputs[:1]
    call = f"{name}(){''.join(f'.{o}' for o in output)}"
    assert f"ta.{name}(" in round_trip(compile_filter(f'match = ta.{call} > tf("4h").{call}', "1h"))


@pytest.mark.parametrize("wild", [False, True])
def test_strategies_come_back(wild: bool) -> None:
    texts = [round_trip(compile_filter(text, base)) for base, text in strategies(120, 3, wild)]
    assert max(map(len, texts)) < 700


RESULTS = """\
risk = 2 * ta.atr(14)
match = crossover(close, ta.sma(close, 20))
exit = trade.bars >= 5 or close < trade.highest(close - risk)
stop = trade.at_entry(low) - risk
target = trade.price + 2 * risk
score = -market_zscore(ta.rsi(close, 14))
"""


def test_all_results_come_back() -> None:
    assert round_trip(compile_filter(RESULTS, "1h")).splitlines() == [
        "match = crossover(close, ta.sma(close, 20))",
        "exit = trade.bars >= 5 or close < trade.highest(close - 2 * ta.atr(14))",
        "stop = trade.at_entry(low) - 2 * ta.atr(14)",
        "target = trade.price + 2 * (2 * ta.atr(14))",
        "score = -market_zscore(ta.rsi(close, 14))",
    ]


def test_what_is_long_and_used_twice_gets_a_name() -> None:
    text = "match = ta.rsi(close, 14) / ta.ema(volume, 9) > 5 and ta.rsi(close, 14) / ta.ema(volume, 9) < 9"
    assert round_trip(compile_filter(text, "1h")).startswith("a = ta.rsi(close, 14) / ta.ema(volume, 9)\nmatch = a")


def test_names_shared_by_nesting_stay_within_the_bounds_of_a_text() -> None:
    lines = ["x0 = close > open"]
    lines += [f"x{i} = not (x{i - 1} and close > {i}) or x{i - 1}" for i in range(1, 60)]
    round_trip(compile_filter("\n".join([*lines, "match = x59"]), "1h"))


def test_an_operator_without_a_word_is_told() -> None:
    graph = Graph()
    close = graph.add("src", (), ("close", "1h", ""))
    match = graph.add("lt", (graph.add("cumsum", (close,)), close))
    program = Program("1h", tuple(graph.nodes), match, None, None, None, None, (), (), "", ("1h",), {}, 0)
    with pytest.raises(CannotSpell, match="cumsum"):
        canonical_source(program)


PARTS = ("close > open", "volume > 5", "high[1] > low", "ta.rsi(close, 14) < 30", "crossover(close, open)")


@given(st.permutations(PARTS), st.lists(st.sampled_from(("and", "or")), min_size=4, max_size=4), st.booleans())
def test_one_hash_one_text(parts: list[str], joins: list[str], right: bool) -> None:
    """However the joins are nested and ordered."""
    nested, turned = parts[0], parts[0]
    for join, part in zip(joins, parts[1:], strict=True):
        nested = f"({nested}) {join} ({part})"
        turned = f"({part}) {join} ({turned})" if right else f"({turned}) {join} ({part})"
    one, two = compile_filter(f"match = {nested}", "1h"), compile_filter(f"match = {turned}", "1h")
    assert one.hash == two.hash
    assert canonical_source(one) == round_trip(two)
