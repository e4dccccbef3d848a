"""Every diagnostic: its code, its place and what it tells the user to do."""

from __future__ import annotations

import pytest

from screener import Diagnostic, FilterError, compile_filter, compile_report

SYMBOLS = {"BTCUSDT", "ETHUSDT"}


def errors(text: str, base: str = "15m") -> tuple[Diagnostic, ...]:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, base, SYMBOLS)
    return caught.value.diagnostics


# program, code, line, column, a piece of message and hint
CASES = [
    ("", "F010", 1, 1, "nothing is assigned to match"),
    ("# only a comment", "F010", 1, 1, "nothing is assigned to match"),
    ("Match = close > open", "F010", 1, 1, "call it match instead of Match"),
    ("x := 3", "F001", 1, 3, "write name = expression"),
    ("match = close > open && volume > 1", "F001", 1, 23, "write and"),
    ("match = close > !open", "F001", 1, 17, "write not"),
    ("match = close > open ? 1 : 0", "F001", 1, 22, "a if cond else b"),
    ("// note\nmatch = close > open", "F001", 1, 1, "comments begin with #"),
    ("match = (close > open", "F001", 1, 9, "never closed"),
    ("match = close > open and", "F001", 1, 25, "ends too early"),
    ("match = close > '", "F001", 1, 17, "unterminated"),
    ("rsi < 30", "F006", 1, 1, "match = ..."),
    ("import os", "F006", 1, 1, "imports"),
    ("if close > open:\n    match = True", "F006", 1, 1, "a if cond else b"),
    ("for i in close:\n    pass", "F006", 1, 1, "loops"),
    ("def f():\n    return 1", "F006", 1, 1, "functions of your own"),
    ("match = (lambda: close)() > 1", "F006", 1, 9, "only functions can be called"),
    ("match = [close][0] > 1", "F006", 1, 9, "lists"),
    ("match = [c for c in close] > 1", "F006", 1, 9, "comprehensions"),
    ("match = (x := close) > 1", "F006", 1, 10, "assignment inside an expression"),
    ("match = close > None", "F006", 1, 17, "na(x)"),
    ("match = close > 1j", "F006", 1, 17, "not a number"),
    ("match = close > 'a'", "F006", 1, 17, "arguments only"),
    ("match = close > f'{open}'", "F006", 1, 17, "texts"),
    ("match = close.__class__ > 1", "F006", 1, 9, "private"),
    ("match = close > open & volume > 1", "F006", 1, 17, "write and"),
    ("match = (close > open) | (volume > 1)", "F006", 1, 9, "write or"),
    ("match = ~(close > open)", "F006", 1, 9, "write not"),
    ("match = close ^ 2 > 1", "F006", 1, 9, "a ** n"),
    ("match = weekday in (1, 2)", "F006", 1, 9, "between(x, lo, hi)"),
    ("match = close is open", "F006", 1, 9, "write =="),
    ("match = close[1:3] > 1", "F006", 1, 15, "slices"),
    ("match += 1", "F006", 1, 1, "new name"),
    ("a, b = 1, 2", "F007", 1, 1, "bb.lower"),
    ("match = close = open", "F007", 1, 1, "comparison is written =="),
    ("close = 1\nmatch = close > open", "F008", 1, 1, "my_close"),
    ("tf = 1\nmatch = close > open", "F008", 1, 1, "built in"),
    ("match = close > open\nmatch = close < open", "F009", 2, 1, "first on line 1"),
    ("match = close > ta.smaa(close, 20)", "F012", 1, 17, "did you mean 'sma'?"),
    ("match = clse > open", "F012", 1, 9, "did you mean 'close'?"),
    ("match = crosover(close, open)", "F012", 1, 9, "did you mean 'crossover'?"),
    ("match = trend and close > 1\ntrend = close > 2", "F012", 1, 9, "used before it is assigned"),
    ("match = sma(close, 20) > 1", "F012", 1, 9, "ta.sma(...)"),
    ("match = ta.crossover(close, open)", "F012", 1, 9, "crossover(...) without ta."),
    ("match = close > ta.highest(high, 20)", "F012", 1, 17, "highest(...) without ta."),
    ("match = ta.dmi(14).adx > 25", "F012", 1, 9, "ta.adx(...)"),
    ("match = ta.bb(close, 20).upper > close", "F012", 1, 9, "ta.bbands(...)"),
    ("match = ta.sar() > close", "F012", 1, 9, "psar"),
    ("match = math.abs(close) > 1", "F012", 1, 9, "without math."),
    ('match = close > request.security("X", "D", close)', "F012", 1, 17, 'tf("1d").close'),
    ("match = true", "F012", 1, 9, "write True"),
    ("match = df['close'] > 1", "F012", 1, 9, "close, not df.close"),
    ("match = ta.ema(close) > 1", "F013", 1, 9, "needs 'length'"),
    ("match = ta.rsi(close, 14, 3) < 30", "F013", 1, 9, "at most 2 arguments"),
    ("match = ta.rsi(close, period=14) < 30", "F013", 1, 30, "did you mean 'length'?"),
    ("match = ta.rsi(close, 14, length=14) < 30", "F013", 1, 34, "given twice"),
    ("match = ta.atr(close, 14) > 1", "F013", 1, 9, "reads high, low, close by itself"),
    ("match = ta.obv > 1", "F013", 1, 9, "ta.obv(...)"),
    ("match = highest > 1", "F013", 1, 9, "call it: highest(...)"),
    ("match = tf(60).close > 1", "F013", 1, 9, 'tf("1h")'),
    ("match = ta.rsi(14) < 30", "F014", 1, 16, "ta.rsi(close, 14)"),
    ("match = ta.rsi(close, 0) < 30", "F014", 1, 23, "at least 1"),
    ("match = ta.rsi(close, 14.5) < 30", "F014", 1, 23, "whole number"),
    ("match = ta.rsi(close, volume) < 30", "F014", 1, 23, "constant"),
    ("match = close ** open > 1", "F014", 1, 18, "exponent"),
    ('match = hour("Mars/North") == 3', "F014", 1, 9, "time zone"),
    ('match = session("9 to 5")', "F014", 1, 9, "session("),
    ("match = (close > open) + 1 > 1", "F015", 1, 10, "1 if c else 0"),
    ("match = close", "F015", 1, 9, "needs a condition"),
    ("match = close and open > 1", "F015", 1, 9, "compare it"),
    ("match = (close > open) == True", "F015", 1, 10, "not cond"),
    ("match = close > open\nstop = close > open", "F015", 2, 8, "stop needs a number"),
    ("match = close if close > 1 else close > 2", "F015", 1, 33, "'else'"),
    ('match = tf("1d") > 3', "F015", 1, 9, ".close"),
    ("match = ta.macd(close) > 0", "F016", 1, 9, ".macd, .signal, .hist"),
    ("match = cdl.engulfng()", "F012", 1, 9, "did you mean 'engulfing'?"),
    ("match = cdl.CDL3BLACKCROWS()", "F012", 1, 9, "cdl.three_black_crows()"),
    ("match = ta.cdl_hammer()", "F012", 1, 9, "cdl.hammer()"),
    ("match = cdl.hammer", "F013", 1, 9, "write cdl.hammer()"),
    ("match = cdl.hammer(14)", "F013", 1, 9, "no arguments"),
    ("match = cdl.hammer().bearish", "F017", 1, 9, "one side"),
    ("match = cdl.engulfing().both", "F017", 1, 9, ".bullish, .bearish"),
    ("match = close > open\nexit = trade.profit > 1", "F017", 2, 8, "close / trade.price - 1"),
    ("match = close > open\nexit = trade.highest > 1", "F013", 2, 8, "trade.highest(close)"),
    ("match = close > open\nexit = trade.bars() > 1", "F006", 2, 8, "leave out the parentheses"),
    ("match = breadth(True) > 0.5", "F014", 1, 17, "not a constant"),
    ("match = bullish_divergence(low, volume, 50, hidden=1)", "F014", 1, 52, "True or False"),
    ("match = percentrank(close, close > open) > 50", "F015", 1, 28, "must be a number"),
    ("match = ta.supertrend(length=10, multiplier=3).direction > 0", "F013", 1, 45, "did you mean 'mult'?"),
    ("match = rank(volume, among=close > open) < 9", "F013", 1, 28, "did you mean 'where'?"),
    ("match = ta.psar(step=-1) > close", "F014", 1, 22, "at least 0"),
    ("match = cdl", "F015", 1, 9, "cdl.hammer()"),
    ("match = ticker > 3", "F015", 1, 9, "ticker.change_pct"),
    ('match = close > open\nexit = tf("4h").trade.bars > 3', "F012", 2, 8, "no interval"),
    ("match = ta.stoch(close, high, low, 14).k > 80", "F013", 1, 9, "in the order high, low, close"),
    ("match = breadth(close > open) > 60", "F022", 1, 9, "60 percent is 0.6"),
    ("match = rank(close) < 1", "F022", 1, 9, "never below 1"),
    ("match = hammer()", "F012", 1, 9, "cdl.hammer()"),
    ("match = close > entry_price", "F012", 1, 17, "trade.price"),
    ("match = ta.aroon(14).aroon_up > 70", "F017", 1, 9, "write .up"),
    ("match = ta.alma(close, 0) > 1", "F014", 1, 24, "at least"),
    ('match = tf("M").close > 1', "F019", 1, 9, 'tf("1M")'),
    ("match = ta.macd(close)[0] > 0", "F016", 1, 9, "write .macd"),
    ("match = ta.macd(close).histogram > 0", "F017", 1, 9, "write .hist"),
    ("match = ta.bbands(close).upperband > 0", "F017", 1, 9, "write .upper"),
    ("match = close > close.shift(1)", "F017", 1, 17, "x[1]"),
    ("match = close > close.rolling(20).mean()", "F017", 1, 17, "avg(x, n)"),
    ("match = close[-1] > open", "F018", 1, 15, "close[1]"),
    ("match = close[open] > 1", "F018", 1, 15, "valuewhen"),
    ('match = tf("60").close > 1', "F019", 1, 9, 'tf("1h")'),
    ('match = tf("D").close > 1', "F019", 1, 9, 'tf("1d")'),
    ('match = tf("1H").close > 1', "F019", 1, 9, 'tf("1h")'),
    ('match = tf("7h").close > 1', "F019", 1, 9, "intervals are"),
    ('match = tf("5m").close > 1', "F019", 1, 9, "below the strategy's interval 15m"),
    ('match = symbol("BTC").close > 1', "F020", 1, 9, "did you mean 'BTCUSDT'?"),
    ('match = symbol("btcusdt").close > 1', "F020", 1, 9, "did you mean 'BTCUSDT'?"),
    ("match = True", "F021", 1, 9, "always true"),
    ("match = 2 < 1", "F021", 1, 9, "never true"),
    ("match = close > open and False", "F021", 1, 9, "never true"),
    ("match = close > highest(high, 20)", "F022", 1, 9, "highest(high, 20)[1]"),
    ("match = low < lowest(low, 20)", "F022", 1, 9, "lowest(low, 20)[1]"),
    ("match = close > ta.donchian(20).upper", "F022", 1, 9, "leave it out"),
    ("match = crossover(close, highest(close, 9))", "F022", 1, 9, "never be true"),
    ("match = close > high", "F022", 1, 9, "within one candle"),
    ("match = close < close", "F022", 1, 9, "both sides"),
    ("match = ta.rsi(close) < 30 and ta.rsi(close) > 70", "F022", 1, 32, "cannot hold together"),
    ('match = close > highest(high, tf("1d").first)', "F022", 1, 9, 'highest(high, tf("1d").first)[1]'),
    ("match = close > open and close < open", "F022", 1, 26, "cannot hold together"),
    ("match = crossover(close, open) and crossunder(close, open)", "F022", 1, 36, "cannot hold together"),
    ("match = rising(close, 3) and falling(close, 2)", "F022", 1, 30, "cannot hold together"),
    ("a = close > open\nmatch = a and not a", "F022", 2, 15, "cannot hold together"),
    ("match = rank(volume, where=False) < 10", "F022", 1, 9, "no symbol left"),
    ('match = tf("4h").highest(high, tf("1h").first)[1] < close', "F019", 1, 32, "begins with every candle of 4h"),
    ('match = tf("1d").vwap("1h") > close', "F019", 1, 23, "begins with every candle of 1d"),
    ('match = tf("1w").vwap() > close', "F019", 1, 9, "begins with every candle of 1w"),
    ("match = close > 1 / 0", "F024", 1, 17, "division by zero"),
    ("match = close > 1e999", "F024", 1, 17, "too large"),
    ("match = close > exp(1000)", "F024", 1, 17, "too large"),
    ("match = close > sqrt(-1)", "F024", 1, 17, "no value"),
    ("match = market_cap > 1e9", "F025", 1, 9, "quote_volume"),
    ("match = bid > 1", "F025", 1, 9, "volume_delta"),
    ("match = tomorrow > 1", "F025", 1, 9, "look back"),
    ("match = news > 1", "F025", 1, 9, "volume_ratio"),
    ("match = trade.bars > 5", "F026", 1, 9, "exit, stop or target"),
    ("held = trade.bars > 5\nmatch = close > open and held", "F026", 2, 26, "which 'held' reads"),
    ("match = close > open\nscore = trade.price", "F026", 2, 9, "score knows no open trade"),
    ("match = close > open\nexit = rank(trade.highest(close)) > 1", "F026", 2, 8, "a trade is of one"),
    ("match = ta.dpo(20) > 0", "F027", 1, 9, "ta.dpo(centered=False)"),
]


@pytest.mark.parametrize(("text", "code", "line", "column", "piece"), CASES, ids=[c[0][:40] for c in CASES])
def test_error(text: str, code: str, line: int, column: int, piece: str) -> None:
    found = [d for d in errors(text) if (d.code, d.line, d.column) == (code, line, column)]
    assert found, errors(text)
    assert any(piece in str(d) for d in found), found


def test_not_a_whole_multiple() -> None:
    found = errors('match = tf("4h").close > 1', "3d")
    assert found[0].code == "F019"
    assert errors('match = tf("1w").close > 1', "3d")[0].code == "F019"
    # 2h is made of whole 30m candles, 3m of no whole 2m; the nearest such pair is 8h on 6h.
    assert "whole multiple" in errors('match = tf("8h").close > 1', "6h")[0].message


def test_all_errors_are_reported_together_in_order() -> None:
    text = "x = close[-1]\ny = ta.smaa(close, 5)\nmatch = clse > 1 and x > 1 and y > market_cap"
    assert [(d.code, d.line) for d in errors(text)] == [("F018", 1), ("F012", 2), ("F012", 3), ("F025", 3)]


def test_a_name_in_error_is_not_reported_again() -> None:
    assert len(errors("x = ta.smaa(close, 5)\nmatch = x > 1 and x < 3 or x == 2")) == 1


def test_lines_after_a_syntax_error_are_checked_too() -> None:
    assert [(d.code, d.line) for d in errors("x := 3\ny = ta.foo(close)\nmatch = close > x")] == [
        ("F001", 1),
        ("F012", 2),
    ]


def test_columns_count_characters() -> None:
    (found,) = [d for d in errors("match = 'éé' + clse > 1") if d.code == "F012"]
    assert found.column == 16


def test_text_of_an_error() -> None:
    text = str(errors("\nmatch = close > ta.smaa(close, 2)")[0])
    assert text == "F012 line 2, column 17: unknown indicator 'smaa'; did you mean 'sma'?"


WARNINGS = [
    ("x = close\nmatch = close > open", "W101", 1, "never used"),
    ("match = ta.obv() > 0", "W102", 1, "first candle held"),
    ("match = barssince(close > open) > 2", "W102", 1, "first candle held"),
    ("match = pct_change(close, 1) > 0.02", "W104", 1, "in percent"),
    ('match = crossover(close, tf("4h").ema(close, 9))', "W105", 1, "counts as a cross"),
    ("match = crossover(close, highest(high, 20)[1])", "W105", 1, "the level jumps"),
    ("match = crossunder(close, valuewhen(tf('1d').first, low, 0))", "W105", 1, "the level jumps"),
    ("match = count(close > ta.sma(close, 20), 5) > 3", "W106", 1, "own level"),
    ('match = close > tf("1d").open', "W107", 1, "last closed 1d candle"),
    ('match = close > tf("3M").open', "W107", 1, "last closed 3M candle"),
    ('match = rank(symbol("BTCUSDT").close) > 1', "W108", 1, "the same for every symbol"),
    ("match = percentrank(close, 20) > 0.9", "W104", 1, "0 to 100"),
    ("match = ta.alma(close, 10) > close", "W109", 1, "beside the engine"),
    ("match = highest(high, close > open)[1] < close", "W102", 1, "the highest since an event"),
    ("match = ta.psar() < close", "W102", 1, "the parabolic SAR"),
    ("match = ta.supertrend().direction > 0", "W102", 1, "the Supertrend"),
]


@pytest.mark.parametrize(("text", "code", "line", "piece"), WARNINGS)
def test_warning(text: str, code: str, line: int, piece: str) -> None:
    found = compile_filter(text, "15m", SYMBOLS).warnings
    assert [(w.code, w.line, w.severity) for w in found] == [(code, line, "warning")]
    assert piece in found[0].message


def test_a_symbol_without_a_market_is_a_warning() -> None:
    program = compile_filter('match = symbol("NOSUCH").close > 1', "15m")
    assert [w.code for w in program.warnings] == ["W103"]


def test_report_of_an_error() -> None:
    report = compile_report("match = clse > 1", "15m")
    assert report["ok"] is False
    assert report["errors"] == [
        {
            "code": "F012",
            "line": 1,
            "column": 9,
            "message": "unknown name 'clse'",
            "hint": "did you mean 'close'?",
        }
    ]
    assert set(report) == {
        *("ok", "hash", "intervals", "reach", "cost", "conditions", "reading", "canonical", "warnings", "errors"),
    }


def test_an_unknown_base_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="unknown interval"):
        compile_filter("match = close > open", "7m")
