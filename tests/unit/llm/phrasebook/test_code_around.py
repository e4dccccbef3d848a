"""Code with sentences and comments around it: what these name is used, and each line is told exactly or refused."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter

PANDAS = [
    (
        "df['ma'] = df['close'].rolling(20).mean()\n"
        "buy = (df['close'] > df['ma']) & (df['volume'] > df['volume'].shift(1))  # 1h candles",
        "close > ta.sma(close, 20) and volume > volume[1]",
        "long",
    ),
    (
        "here is my notebook, hourly candles please\nfast = df.close.ewm(span=9).mean()\n"
        "slow = df.close.ewm(span=21).mean()\nshort_signal = fast < slow  # 1h",
        "ta.ema(close, 9) < ta.ema(close, 21)",
        "short",
    ),
    ("rsi = talib.RSI(df['close'], timeperiod=14)  # 1h\nlong = rsi < 30", "ta.rsi(close, 14) < 30", "long"),
    ("signal = df.close.pct_change(5) > 0.02  # 1h chart", "pct_change(close, 5) / 100 > 0.02", "long"),
    (
        "entry = df['close'].between(10, 20) and not df['open'] > 15  # 1h",
        "between(close, 10, 20) and not open > 15",
        "long",
    ),
]
PINE = [
    (
        "found this on a forum, I want it on the 1h chart:\nlen = input.int(20, 'length')\n"
        "[basis, upper, lower] = ta.bb(close, len, 2)\nif ta.crossunder(close, lower)\n"
        '    strategy.entry("Long", strategy.long)',
        "crossunder(close, ta.bbands(close, 20, 2).lower)",
        "long",
    ),
    (
        '//@version=5\n// for the 1h\nindicator("x")\n[m, s, h] = ta.macd(close, 12, 26, 9)\n'
        'go = ta.crossunder(m, s) and h < 0\nalertcondition(go, "x")',
        "crossunder(ta.macd(close).macd, ta.macd(close).signal) and ta.macd(close).hist < 0",
        "long",
    ),
    (
        "// 1h\ndown = ta.crossunder(ta.rsi(close, 14), 70)\nstrategy.entry('S', strategy.short, when = down)",
        "crossunder(ta.rsi(close, 14), 70)",
        "short",
    ),
]


@pytest.mark.parametrize(("text", "match", "direction"), PANDAS + PINE)
def test_code_is_told_exactly_on_the_chart_that_is_named_beside_it(text: str, match: str, direction: str) -> None:
    made = translate(text)
    assert (made.interval, made.direction) == ("1h", direction)
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match}\n", "1h").hash, made.code


@pytest.mark.parametrize(
    "text",
    [
        "df['x'] = model.predict(df)\nbuy = df['x'] > 0",
        "std = df['close'].rolling(20).std()\nbuy = df['close'] > std",
        "\n".join(["a = df.close + df.close", *["a = a + a"] * 60, "buy = a > 1"]),
    ],
    ids=["a model", "a sample's deviation", "doubled sixty times"],
)
def test_code_without_an_exact_counterpart_is_refused(text: str) -> None:
    made = translate(text)
    assert made.code == ""
    assert made.not_understood
