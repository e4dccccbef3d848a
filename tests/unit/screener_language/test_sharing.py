"""What compilations share changes no program, and what is written late is what would have been written at once."""

from __future__ import annotations

import ast
import pickle
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.distribution import strategies
from screener import FilterError, Program, compile_filter
from screener.language import shared
from screener.language.plan import cost, unique_cost
from screener.language.spelling import _WithoutPrefix, text_of

MORE = [
    ("15m", 'day = tf("1d")\nup = day.close > ta.ema(day.close, 200)\nmatch = up and crossover(ta.rsi(close, 14), 30)'),
    ("15m", "match = ta.obv() > ta.sma(ta.obv(), 20) and ta.sma(ta.obv(), 20) > 5"),
    ("15m", "hour_ = hour\nmatch = hour_ > 5 and hour > 5"),
    ("15m", "hour = 3\nmatch = close > hour"),
    ("15m", "match = close > hour"),
    ("15m", 'match = symbol("BTCUSDT").close > close'),
    ("15m", "match = pct_change(close, 5) > 3 and pct_change(close, 5) < 9"),
    ("15m", "match = pct_change(close, 5) > 0.03"),
    ("15m", "p = (close / close[5] - 1) * 100\nmatch = p > 0.03"),
    ("15m", "match = cdl.engulfing() and cdl.engulfing().bearish[1]"),
    ("1h", "match = ta.rsi(close, 14) < 30\nstop = trade.highest(close) - ta.atr(14)\nexit = trade.bars > 3"),
    ("1h", "match = (close > open or high > low[1]) and not (close > open and volume > 1)"),
    ("1h", "match = (close > open or high > low[1]) and volume > 1"),
    ("1h", "match = close > open or high > low[1] and volume > 1"),
    ("1h", "match = not (close > open) and volume > 1"),
    ("1h", "match = close > open and volume > 1 # and high > low[1]"),
    ("1h", "match = volume > 1 and close > open and volume > 1"),
    ("1h", "match = (close / close[5] - 1) * 100 > 0.03 and volume > 1"),
    ("1h", "match = pct_change(close, 5) > -3 and (close / close[5] - 1) * 100 > 0.03"),
    ("1h", "match = max(close, open, high[1]) > min(low, close[2]) + close * volume"),
]


def corpus() -> list[tuple[str, str]]:
    return [*MORE, *strategies(60, 11), *strategies(30, 12, wild=True)]


def facts(program: Program) -> tuple[object, ...]:
    return (program, program.reading, program.conditions, [str(w) for w in program.warnings])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_program_does_not_depend_on_those_before_it(seed: int) -> None:
    alone = {}
    for base, text in corpus():
        shared.forget()
        alone[(base, text)] = facts(compile_filter(text, base))
    shared.forget()
    items = corpus() * 2
    random.Random(seed).shuffle(items)
    for base, text in items:
        assert facts(compile_filter(text, base)) == alone[(base, text)], text


def test_threads_compile_the_same_programs() -> None:
    wanted = [compile_filter(text, base) for base, text in corpus()]
    shared.forget()
    start = threading.Barrier(4)

    def run(_: int) -> list[Program]:
        start.wait()
        return [compile_filter(text, base) for base, text in corpus()]

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(run, range(4)):
            assert found == wanted


def test_a_full_pool_gives_way_to_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shared.forget()
    first = shared.current()
    compile_filter("match = ta.adx(14).adx > 25", "1h")
    assert shared.current() is first
    monkeypatch.setattr(shared, "MAX_NODES", 10)
    assert shared.current() is not first
    assert compile_filter("match = ta.adx(14).adx > 25", "1h") == compile_filter("match = ta.adx(14).adx > 25", "1h")


def test_known_conditions_are_still_held_against_each_other_and_the_bounds() -> None:
    def refused(text: str) -> str:
        with pytest.raises(FilterError) as caught:
            compile_filter(text, "1h")
        return str(caught.value)

    oversold, hot = "ta.rsi(close, 14) < 30", "ta.rsi(close, 14) > 70"
    shared.forget()
    fresh = refused(f"match = {oversold} and {hot}")
    assert "cannot hold together" in fresh
    for part in (oversold, hot):
        compile_filter(f"match = {part}", "1h")
    assert refused(f"match = {oversold} and {hot}") == fresh
    assert compile_filter(f"match = {oversold} and volume > 1 and {oversold}", "1h").cost > 0

    many = [f"close[{n}] > {n}" for n in range(130)]
    for part in many:
        compile_filter(f"match = {part}", "1h")
    assert "F004" in refused(f"match = {' and '.join(many)}")


def test_the_market_is_asked_every_time() -> None:
    text = 'match = symbol("BTCUSDT").close > 1'
    assert [w.code for w in compile_filter(text, "1h").warnings] == ["W103"]
    assert compile_filter(text, "1h", {"BTCUSDT"}).warnings == ()
    with pytest.raises(FilterError, match="unknown symbol"):
        compile_filter(text, "1h", {"ETHUSDT"})


def test_the_open_trade_stays_out_of_match() -> None:
    assert compile_filter("match = close > 1\nexit = trade.bars > 3", "1h").exit is not None
    with pytest.raises(FilterError, match="knows no open trade"):
        compile_filter("match = trade.bars > 3", "1h")


def test_english_survives_a_pickle_written_or_not() -> None:
    base, text = MORE[0]
    fresh, read = compile_filter(text, base), compile_filter(text, base)
    assert "200-period EMA" in read.reading
    assert [c.name for c in read.conditions] == ["up", "crossover(rsi(close, 14), 30)"]
    for program in (fresh, read):
        again = pickle.loads(pickle.dumps(program))
        assert again.reading == read.reading
        assert [c.reading for c in again.conditions] == [c.reading for c in read.conditions]
        assert again == read
    condition = pickle.loads(pickle.dumps(fresh.conditions[0]))
    assert condition.reading == read.conditions[0].reading != ""


def test_a_text_that_asks_for_too_much_is_refused_whole() -> None:
    lines = [f"x{i} = ta.adx({i + 2}).adx" for i in range(300)]
    with pytest.raises(FilterError) as caught:
        compile_filter("\n".join([*lines, "match = x1 > 3"]), "1h")
    assert [d.code for d in caught.value.diagnostics] == ["F004"]


def test_cost_counts_numbers_to_compute_once() -> None:
    def of(*texts: str) -> int:
        return unique_cost([compile_filter(text, "1h") for text in texts])

    def priced(text: str) -> int:
        return compile_filter(text, "1h").cost

    # Candles, constants, comparisons and logic cost nothing.
    assert priced("match = close > open and not (high > 5)") == 0
    assert priced("match = ta.sma(close, 20) > close and ta.sma(close, 20) > open") == 1
    # change twice (sub, shift), its sign kept apart (max twice, neg), two averages, their sum, ratio and percent.
    assert priced("match = ta.rsi(close, 14) < 30") == 10
    sma, rsi = "match = ta.sma(close, 20) > close", "match = ta.rsi(close, 14) < 30"
    assert of() == 0
    assert of(sma, sma, rsi) == priced(sma) + priced(rsi) == 11
    assert of(rsi, "match = ta.rsi(close, 14) > 70") == priced(rsi)
    assert of(rsi, "match = ta.rsi(close, 15) > 70") == priced(rsi) + 5
    assert of("match = close * open > 5", "match = open * close > 6") == 1


@given(st.integers(0, 2**32), st.booleans())
def test_the_cost_of_one_is_its_own(seed: int, wild: bool) -> None:
    ((base, text),) = strategies(1, seed, wild)
    program = compile_filter(text, base)
    assert unique_cost([program]) == program.cost == cost(program.nodes) == unique_cost([program, program])


NAMES = st.sampled_from(["close", "ta", "x", "rsi"])
LEAVES = (
    NAMES.map(lambda n: ast.Name(n, ast.Load()))
    | st.one_of(st.integers(0, 99), st.floats(0, 1e20), st.sampled_from(["1h", 'it"s', "a'b"]), st.booleans()).map(
        lambda v: ast.Constant(v)
    )
)  # fmt: skip


def _grown(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    compare = st.sampled_from([ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In])
    binary = st.sampled_from([ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd])
    several = st.lists(inner, min_size=2, max_size=5)
    return st.one_of(
        st.builds(lambda a, o, b: ast.Compare(a, [o()], [b]), inner, compare, inner),
        st.builds(lambda a, o, b, p, c: ast.Compare(a, [o(), p()], [b, c]), inner, compare, inner, compare, inner),
        st.builds(lambda a, o, b: ast.BinOp(a, o(), b), inner, binary, inner),
        st.builds(lambda o, vs: ast.BoolOp(o(), vs), st.sampled_from([ast.And, ast.Or]), several),
        st.builds(lambda o, a: ast.UnaryOp(o(), a), st.sampled_from([ast.Not, ast.USub, ast.UAdd, ast.Invert]), inner),
        st.builds(lambda a, b, c: ast.IfExp(a, b, c), inner, inner, inner),
        st.builds(lambda a, b: ast.Subscript(a, b, ast.Load()), inner, inner),
        st.builds(lambda a, n: ast.Attribute(a, n, ast.Load()), inner, st.sampled_from(["rsi", "upper"])),
        st.builds(
            lambda f, args, k: ast.Call(f, args, [ast.keyword("length", k)]), inner, st.lists(inner, max_size=3), inner
        ),
    )


@given(st.recursive(LEAVES, _grown, max_leaves=25))
def test_the_quick_spelling_is_that_of_the_library(node: ast.expr) -> None:
    slow = ast.unparse(_WithoutPrefix().visit(ast.parse(ast.unparse(node), mode="eval").body))
    quick = text_of(ast.parse(ast.unparse(node), mode="eval").body)
    assert quick == (slow.replace("'", '"') if '"' not in slow else slow)
