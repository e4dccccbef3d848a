"""Compiled indicators against TA-Lib and pandas, and the promise about reach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import talib
from talib._ta_lib import MA_Type

from screener import compile_filter
from screener.engine.replay import Candles, replay
from tests.unit.engine.support import cut, market

N = 700
DATA = market(seed=21, symbols=3, candles=N, intervals=("15m", "1h"), gaps=0.0)
Columns = dict[str, np.ndarray]


def value_of(expression: str, data: Candles, base: str = "15m") -> np.ndarray:
    compiled = compile_filter(f"match = {expression} > -1e12", base)
    left = compiled.conditions[0].left
    assert left is not None
    return replay(compiled, data).values(left)


def _vwap(c: Columns) -> np.ndarray:
    day = DATA.series["15m"][0] // 86_400_000
    typical = (c["high"] + c["low"] + c["close"]) / 3
    frame = pd.DataFrame({"day": day, "pv": typical * c["volume"], "v": c["volume"]})
    sums = frame.groupby("day")[["pv", "v"]].cumsum()
    out = (sums["pv"] / sums["v"]).to_numpy(copy=True)
    # The first day held is not held from its start.
    first = int(np.argmax(DATA.series["15m"][0] % 86_400_000 == 0))
    out[:first] = np.nan
    return out


def _stoch(c: Columns) -> tuple[np.ndarray, np.ndarray]:
    found: tuple[np.ndarray, np.ndarray] = talib.STOCH(
        c["high"], c["low"], c["close"], 14, 3, MA_Type.SMA, 3, MA_Type.SMA
    )
    return found


CASES: dict[str, Callable[[Columns], np.ndarray]] = {
    "ta.sma(close, 20)": lambda c: talib.SMA(c["close"], 20),
    "ta.ema(close, 50)": lambda c: talib.EMA(c["close"], 50),
    "ta.rsi(close, 14)": lambda c: talib.RSI(c["close"], 14),
    "ta.atr(14)": lambda c: talib.ATR(c["high"], c["low"], c["close"], 14),
    "ta.bbands(close, 20, 2).upper": lambda c: talib.BBANDS(c["close"], 20, 2.0, 2.0)[0],
    "ta.bbands(close, 20, 2).lower": lambda c: talib.BBANDS(c["close"], 20, 2.0, 2.0)[2],
    "ta.stoch(14, 3, 3).k": lambda c: talib.STOCH(c["high"], c["low"], c["close"], 14, 3, MA_Type.SMA, 3, MA_Type.SMA)[
        0
    ],
    "ta.stoch(14, 3, 3).d": lambda c: talib.STOCH(c["high"], c["low"], c["close"], 14, 3, MA_Type.SMA, 3, MA_Type.SMA)[
        1
    ],
    "ta.adx(14).adx": lambda c: talib.ADX(c["high"], c["low"], c["close"], 14),
    "ta.adx(14).plus_di": lambda c: talib.PLUS_DI(c["high"], c["low"], c["close"], 14),
    "ta.macd(close, 12, 26, 9).macd": lambda c: talib.MACD(c["close"], 12, 26, 9)[0],
    "ta.macd(close, 12, 26, 9).signal": lambda c: talib.MACD(c["close"], 12, 26, 9)[1],
    "ta.stdev(close, 20)": lambda c: talib.STDDEV(c["close"], 20),
    "ta.wma(close, 13)": lambda c: talib.WMA(c["close"], 13),
    "ta.willr(14)": lambda c: talib.WILLR(c["high"], c["low"], c["close"], 14),
    "ta.cci(20)": lambda c: talib.CCI(c["high"], c["low"], c["close"], 20),
    "highest(high, 30)[2]": lambda c: np.roll(talib.MAX(c["high"], 30), 2),
    "change(ta.obv(), 5)": lambda c: pd.Series(talib.OBV(c["close"], c["volume"])).diff(5).to_numpy(),
    "ta.vwap()": _vwap,
}


@pytest.mark.parametrize("expression", CASES)
def test_equals_the_oracle_after_warm_up(expression: str) -> None:
    values = value_of(expression, DATA)
    fields = DATA.series["15m"][1]
    for s in range(3):
        expected = CASES[expression]({k: v[:, s].copy() for k, v in fields.items()})
        np.testing.assert_allclose(values[-150:, s], expected[-150:], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("expression", ["ta.sma(close, 20)", "ta.ema(close, 50)", "ta.rsi(close, 14)"])
def test_equals_talib_from_its_first_value(expression: str) -> None:
    values = value_of(expression, DATA)
    expected = CASES[expression]({k: v[:, 1].copy() for k, v in DATA.series["15m"][1].items()})
    np.testing.assert_allclose(values[:, 1], expected, rtol=1e-9)


def test_higher_interval_is_its_last_closed_candle() -> None:
    values = value_of('tf("1h").rsi(close, 14)', DATA)
    opens, fields = DATA.series["1h"]
    base = pd.DataFrame({"t": DATA.series["15m"][0] + 900_000})
    for s in range(3):
        hourly = pd.DataFrame({"t": opens + 3_600_000, "v": talib.RSI(fields["close"][:, s].copy(), 14)})
        expected = pd.merge_asof(base, hourly, on="t")["v"].to_numpy()
        np.testing.assert_allclose(values[:, s], expected, rtol=1e-9)


@pytest.mark.parametrize(
    "expression",
    [
        "ta.sma(close, 20)",
        "ta.stdev(close, 33)",
        "ta.ema(close, 30)",
        "ta.rsi(close, 14)",
        "ta.macd(close, 12, 26, 9).hist",
        "ta.atr(14)",
        "ta.adx(14).adx",
        "ta.bbands(close, 20, 2).percent",
        "ta.stoch(14, 3, 3).d",
        "highest(high, 20)[5]",
        "count(close > open, 12)",
    ],
)
def test_reach_candles_are_enough(expression: str) -> None:
    data = market(seed=5, symbols=3, candles=2200, intervals=("15m",), gaps=0.0)
    reach = compile_filter(f"match = {expression} > -1e12", "15m").reach["15m"]
    whole = value_of(expression, data)[-1]
    part = value_of(expression, cut(data, reach + 1))[-1]
    np.testing.assert_allclose(part, whole, rtol=1e-6, atol=1e-6 * 100)
