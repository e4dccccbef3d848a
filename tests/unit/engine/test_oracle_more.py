"""The formulas of the wider list of indicators, by the slow reference, against TA-Lib and pandas-ta-classic.

The engine is compared with the same reference elsewhere; here it is the formulas that are on trial. Where a library
starts elsewhere (a seed, a first direction) only the newest values are compared, long after that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import talib
from talib._ta_lib import MA_Type

from screener import compile_filter
from screener.vocabulary.indicators import INDICATORS
from tests.reference.evaluator import evaluate
from tests.unit.engine import test_oracle
from tests.unit.engine.support import market

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pandas_ta_classic as pta

N = 420
DATA = market(seed=33, symbols=2, candles=N, intervals=("15m",), gaps=0.0)
Columns = dict[str, np.ndarray]
Oracle = Callable[[Columns], np.ndarray]


def value_of(expression: str) -> np.ndarray:
    """Values of an expression, `[candles, symbols]`, by the reference."""
    program = compile_filter(f"match = {expression} > -1e12", "15m")
    left = program.conditions[0].left
    assert left is not None
    return evaluate(program, DATA).values[left]


def columns(symbol: int) -> Columns:
    return {k: v[:, symbol].copy() for k, v in DATA.series["15m"][1].items()}


def of_hlc(name: str, *args: float, output: int | None = None, fields: str = "high low close") -> Oracle:
    """A function of TA-Lib on the candle's fields."""

    def oracle(c: Columns) -> np.ndarray:
        found = getattr(talib, name)(*(c[f] for f in fields.split()), *args)
        return np.asarray(found if output is None else found[output])

    return oracle


def of_close(name: str, *args: float, output: int | None = None) -> Oracle:
    return of_hlc(name, *args, output=output, fields="close")


def of_pandas(name: str, fields: str, column: int | str | None = None, **args: float) -> Oracle:
    """A function of pandas-ta-classic; `column` is the number of the output, or how its name begins."""

    def oracle(c: Columns) -> np.ndarray:
        frame = pd.DataFrame(c)
        found = getattr(pta, name)(*(frame[f] for f in fields.split()), **args)
        if isinstance(found, tuple):
            found = found[0]
        if isinstance(column, str):
            found = found[next(n for n in found.columns if n.startswith(column))]
        elif column is not None:
            found = found.iloc[:, column]
        return np.asarray(found.to_numpy(dtype=float, copy=True))

    return oracle


def _squeeze(part: str) -> Oracle:
    def oracle(c: Columns) -> np.ndarray:
        upper, _, lower = talib.BBANDS(c["close"], 20, 2.0, 2.0)
        middle = talib.EMA(c["close"], 20)
        span = _seeded(talib.TRANGE(c["high"], c["low"], c["close"]), 20) * 1.5
        if part == "on":
            return ((upper < middle + span) & (lower > middle - span)).astype(float)
        high, low = talib.MAX(c["high"], 20), talib.MIN(c["low"], 20)
        level = ((high + low) / 2 + talib.SMA(c["close"], 20)) / 2
        return talib.LINEARREG(c["close"] - level, 20)

    return oracle


def _seeded(x: np.ndarray, n: int) -> np.ndarray:
    """TA-Lib's EMA of a series that begins with unknowns."""
    first = int(np.flatnonzero(~np.isnan(x))[0])
    return np.concatenate([np.full(first, np.nan), talib.EMA(x[first:], n)])


def _keltner(side: int) -> Oracle:
    def oracle(c: Columns) -> np.ndarray:
        span = _seeded(talib.TRANGE(c["high"], c["low"], c["close"]), 20)
        return np.asarray(talib.EMA(c["close"], 20) + side * 2 * span)

    return oracle


def _stochrsi(c: Columns) -> np.ndarray:
    rsi = talib.RSI(c["close"], 14)
    low, high = pd.Series(rsi).rolling(14).min(), pd.Series(rsi).rolling(14).max()
    return np.asarray((100 * (rsi - low) / (high - low)).rolling(3).mean().to_numpy(copy=True))


def _tsi(c: Columns) -> np.ndarray:
    step = np.concatenate([[np.nan], np.diff(c["close"])])
    return np.asarray(100 * _seeded(_seeded(step, 25), 13) / _seeded(_seeded(np.abs(step), 25), 13))


def _ichimoku(c: Columns, n: int, back: int = 0) -> np.ndarray:
    middle = (talib.MAX(c["high"], n) + talib.MIN(c["low"], n)) / 2
    return np.concatenate([np.full(back, np.nan), middle[: len(middle) - back]])


HLCV = "high low close volume"
EXACT: dict[str, Oracle] = {
    "ta.kama(close, 10)": of_close("KAMA", 10),
    "ta.kama(close, 30)": of_close("KAMA", 30),
    "ta.aroon(14).up": of_hlc("AROON", 14, output=1, fields="high low"),
    "ta.aroon(14).down": of_hlc("AROON", 14, output=0, fields="high low"),
    "ta.aroon(25).osc": of_hlc("AROONOSC", 25, fields="high low"),
    "ta.psar()": of_hlc("SAR", 0.02, 0.2, fields="high low"),
    "ta.psar(0.05, 0.3)": of_hlc("SAR", 0.05, 0.3, fields="high low"),
    "ta.mfi(14)": of_hlc("MFI", 14, fields=HLCV),
    "ta.uo(7, 14, 28)": of_hlc("ULTOSC", 7, 14, 28),
    "ta.cmo(close, 14)": of_close("CMO", 14),
    "ta.natr(14)": of_hlc("NATR", 14),
    "ta.true_range()": of_hlc("TRANGE"),
    "ta.linreg(close, 14)": of_close("LINEARREG", 14),
    "ta.slope(close, 14)": of_close("LINEARREG_SLOPE", 14),
    "ta.dema(close, 10)": of_close("DEMA", 10),
    "ta.tema(close, 10)": of_close("TEMA", 10),
    "ta.roc(close, 10)": of_close("ROC", 10),
    "ta.mom(close, 10)": of_close("MOM", 10),
    "ta.trix(close, 18)": of_close("TRIX", 18),
    "ta.ad()": of_hlc("AD", fields=HLCV),
    "ta.obv()": of_hlc("OBV", fields="close volume"),
    "ta.cci(20)": of_hlc("CCI", 20),
    "ta.zscore(close, 20)": lambda c: (c["close"] - talib.SMA(c["close"], 20)) / talib.STDDEV(c["close"], 20),
    "ta.bbands(close, 20, 2).width": lambda c: 4 * talib.STDDEV(c["close"], 20) / talib.SMA(c["close"], 20),
    "ta.keltner(20, 2).upper": _keltner(1),
    "ta.keltner(20, 2).lower": _keltner(-1),
    "ta.donchian(20).middle": lambda c: _ichimoku(c, 20),
    "ta.ichimoku().conversion": lambda c: _ichimoku(c, 9),
    "ta.ichimoku().base": lambda c: _ichimoku(c, 26),
    "ta.ichimoku().span_a": lambda c: (_ichimoku(c, 9, 25) + _ichimoku(c, 26, 25)) / 2,
    "ta.ichimoku().span_b": lambda c: _ichimoku(c, 52, 25),
    "ta.volume_ratio(20)": lambda c: c["volume"] / talib.SMA(c["volume"], 20),
    "ta.stochrsi(close).k": _stochrsi,
    "ta.stochrsi(close).d": lambda c: pd.Series(_stochrsi(c)).rolling(3).mean().to_numpy(copy=True),
    "ta.tsi(close)": _tsi,
    "ta.squeeze().value": _squeeze("value"),
    "(1 if ta.squeeze().on else 0)": _squeeze("on"),
    "ta.ao()": of_pandas("ao", "high low"),
    "ta.hma(close, 10)": of_pandas("hma", "close", length=10),
    "ta.vwma(close, 10)": of_pandas("vwma", "close volume", length=10),
    "ta.cmf(20)": of_pandas("cmf", HLCV, length=20),
    "percentrank(close, 50)": lambda c: np.array(
        [np.nan] * 50 + [100 * np.mean(c["close"][i - 50 : i] <= c["close"][i]) for i in range(50, N)]
    ),
}
"""Equal wherever both are known."""

SETTLED: dict[str, Oracle] = {
    # Its averages start from another seed; 150 candles later that is forgotten.
    "ta.supertrend(10, 3).line": of_pandas("supertrend", "high low close", 0, length=10, multiplier=3.0),
    "ta.supertrend(10, 3).direction": of_pandas("supertrend", "high low close", 1, length=10, multiplier=3.0),
    "ta.supertrend(7, 2).line": of_pandas("supertrend", "high low close", 0, length=7, multiplier=2.0),
    "ta.ppo(close).ppo": lambda c: talib.PPO(c["close"], 12, 26, MA_Type.EMA),
    "ta.ppo(close).signal": lambda c: _seeded(talib.PPO(c["close"], 12, 26, MA_Type.EMA), 9),
    "ta.rma(close, 14)": of_pandas("rma", "close", length=14),
    "ta.adosc(3, 10)": of_hlc("ADOSC", 3, 10, fields=HLCV),
    "ta.vortex(14).plus": of_pandas("vortex", "high low close", 0, length=14),
    "ta.vortex(14).minus": of_pandas("vortex", "high low close", 1, length=14),
    "ta.chop(14)": of_pandas("chop", "high low close", length=14),
}
"""Equal in the newest 150 candles."""


@pytest.mark.parametrize("expression", EXACT)
def test_equals_the_library(expression: str) -> None:
    values = value_of(expression)
    for s in range(2):
        expected, found = EXACT[expression](columns(s)), values[:, s]
        both = ~np.isnan(expected) & ~np.isnan(found)
        assert both.sum() > N - 120
        np.testing.assert_allclose(found[both], expected[both], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("expression", SETTLED)
def test_equals_the_library_once_settled(expression: str) -> None:
    values = value_of(expression)
    for s in range(2):
        np.testing.assert_allclose(values[-150:, s], SETTLED[expression](columns(s))[-150:], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "expression", ["ta.kama(close, 10)", "ta.aroon(14).up", "ta.psar()", "ta.mfi(14)", "ta.cmo(close, 14)"]
)
def test_is_known_from_the_same_candle(expression: str) -> None:
    known = ~np.isnan(value_of(expression)[:, 0])
    np.testing.assert_array_equal(known, ~np.isnan(EXACT[expression](columns(0))))


def test_every_indicator_has_an_oracle() -> None:
    tried = " ".join([*EXACT, *SETTLED, *test_oracle.CASES])
    assert not [name for name in INDICATORS if f"ta.{name}(" not in tried]
