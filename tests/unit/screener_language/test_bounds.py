"""Hostile and oversized programs: every one is a FilterError, none a crash."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from screener import FilterError, compile_filter, compile_report

MANY = " or ".join(f"ta.adx({n}).adx > 25" for n in range(2, 40))

CASES = {
    "bytes": ("#" * 8193, "F002"),
    "wide characters": ("#" + "é" * 4096, "F002"),
    "parentheses": ("match = " + "(" * 300 + "1" + ")" * 300, "F003"),
    "signs": ("match = " + "-" * 5000 + "1 > close", "F003"),
    "negations": ("match = " + "not " * 1900 + "True", "F003"),
    "brackets": ("match = " + "[" * 2000, "F003"),
    "depth": ("match = " + "+".join(["close"] * 62) + " > 1", "F003"),
    "nodes": (f"match = {MANY}", "F004"),
    "window": ("match = highest(close, 999999999) > 1", "F005"),
    "index": ("match = close[10 ** 9] > 1", "F005"),
    "average": ("match = ta.ema(close, 800) > close", "F005"),
    "windows in a row": ("match = sum(close, 4000)[3000] > 1", "F005"),
    "long integer": ("match = close > " + "9" * 5000, "F024"),
    "hexadecimal": ("match = close > 0x" + "f" * 7000, "F024"),
    "power": ("match = close > 9 ** 9 ** 9", "F024"),
    "null": ("match = close\0 > 1", "F001"),
    "surrogate": ("match = close > 1 # \ud800", "F001"),
    "import": ("match = __import__('os').system('true') > 1", "F012"),
}


@pytest.mark.parametrize("name", CASES)
def test_bound(name: str) -> None:
    text, code = CASES[name]
    with pytest.raises(FilterError) as caught:
        compile_filter(text, "15m")
    assert code in [d.code for d in caught.value.diagnostics]
    assert all(d.line >= 1 and d.column >= 1 for d in caught.value.diagnostics)


def test_within_the_bounds() -> None:
    compile_filter("match = " + "+".join(["close"] * 58) + " > 1", "15m")
    compile_filter("match = close > open" + " " * 8000, "15m")
    assert compile_filter("match = close[5000] > 1", "15m").reach == {"15m": 5000}


def test_reuse_by_name_neither_recurses_nor_doubles_the_reading() -> None:
    lines = ["a0 = close", *(f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 250)), "match = a249 > 0"]
    program = compile_filter("\n".join(lines), "15m")
    assert len(program.nodes) == 252
    assert len(program.reading) < 1000


def test_line_ends_and_blanks() -> None:
    plain = compile_filter("x = close\nmatch = x > open\n", "15m").hash
    assert compile_filter("x = close\r\nmatch = x > open\r\n", "15m").hash == plain
    assert compile_filter("\n\nx\t= close ; match = x > open # note", "15m").hash == plain


PIECES = """
close high volume match x bb ta. tf( symbol( [ ] ( ) , . = == < > + - * / ** // and or not if else "1h"
"BTCUSDT" 14 0 -1 1e9 rsi macd bbands crossover highest True & | lambda : := # cdl trade
"""
WORDS = st.sampled_from([*PIECES.split(), "\n"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join)))
@example("\x0c")
@example("match = \\")
def test_any_text_compiles_or_is_a_filter_error(text: str) -> None:
    for program in (text, f"match = {text}"):
        report = compile_report(program, "15m", {"BTCUSDT"})
        assert report["ok"] is not bool(report["errors"])
        for error in report["errors"]:
            assert error["line"] >= 1
            assert error["column"] >= 1
            assert error["message"]


SERIES = """
close|high|volume|ta.rsi(close, 14)|ta.macd(close)|bb|bb.lower|tf("4h")|30|0|-1|tf("4h").close|"a"|hour
symbol("BTCUSDT").close|True|1e308|tf("1d").first|ta.obv()
"""
ATOMS = st.sampled_from(SERIES.strip().replace("\n", "|").split("|"))
FUNCTIONS = """
crossover highest sum avg count within rising barssince valuewhen change abs min log round between na nz
ta.sma ta.ema ta.stoch ta.squeeze ta.vwap ta.cci foo pivot_high rank tf symbol
"""
CALLS = st.sampled_from(FUNCTIONS.split())
SIGNS = st.sampled_from(["+", "-", "*", "/", "%", "**", "<", ">", "==", "and", "or"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, SIGNS, inner).map(lambda t: f"({' '.join(t)})"),
        st.tuples(CALLS, st.lists(inner, max_size=3)).map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        inner.map(lambda e: f"not {e}"),
        inner.map(lambda e: f"{e}[1]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_any_expression_compiles_or_is_a_filter_error(first: str, second: str) -> None:
    text = f"bb = ta.bbands(close, 20)\nmatch = {first} > {second}"
    report = compile_report(text, "15m", {"BTCUSDT"})
    if report["ok"]:
        assert report["reading"]
        assert report["hash"] == compile_report(text, "15m", {"BTCUSDT"})["hash"]
