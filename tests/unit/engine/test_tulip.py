"""The formulas, by the slow reference, against the vectors of another library's tests, where definitions agree.

`AGREE` are compared wherever both have a value. `APART` are defined otherwise there, and compared with TA-Lib instead.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screener import compile_filter
from screener.engine.replay import Candles
from screener.vocabulary.indicators import INDICATORS
from tests.reference.evaluator import evaluate

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "indicators" / "tulip_vectors.jsonl"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not VECTORS.exists(), reason="the folder ../shared/data is not there"),
]

AGREE: dict[str, tuple[str, ...]] = {
    "abs": ("abs(close)",),
    "ad": ("ta.ad()",),
    "add": ("open + volume",),
    "ao": ("ta.ao()",),
    "aroon": ("ta.aroon({0}).down", "ta.aroon({0}).up"),
    "aroonosc": ("ta.aroon({0}).osc",),
    "avgprice": ("ohlc4",),
    "bbands": tuple(f"ta.bbands(close, {{0}}, {{1}}).{side}" for side in ("lower", "middle", "upper")),
    "cci": ("ta.cci({0})",),
    "crossany": ("(1 if cross(open, volume) else 0)",),
    "crossover": ("(1 if crossover(open, volume) else 0)",),
    "div": ("open / volume",),
    "exp": ("exp(close)",),
    "hma": ("ta.hma(close, {0})",),
    "lag": ("close[{0}]",),
    "linreg": ("ta.linreg(close, {0})",),
    "linregslope": ("ta.slope(close, {0})",),
    "ln": ("log(close)",),
    "max": ("highest(close, {0})",),
    "medprice": ("hl2",),
    "mfi": ("ta.mfi({0})",),
    "min": ("lowest(close, {0})",),
    "mom": ("ta.mom(close, {0})",),
    "mul": ("open * volume",),
    "roc": ("ta.roc(close, {0}) / 100",),
    "rocr": ("ta.roc(close, {0}) / 100 + 1",),
    "rsi": ("ta.rsi(close, {0})",),
    "sma": ("ta.sma(close, {0})",),
    "sqrt": ("sqrt(close)",),
    "stddev": ("ta.stdev(close, {0})",),
    "stoch": ("ta.stoch({0}, {1}, {2}).k", "ta.stoch({0}, {1}, {2}).d"),
    "sub": ("open - volume",),
    "sum": ("sum(close, {0})",),
    "tr": ("ta.true_range()",),
    "typprice": ("hlc3",),
    "ultosc": ("ta.uo({0}, {1}, {2})",),
    "var": ("ta.stdev(close, {0}) ** 2",),
    "vwma": ("ta.vwma(close, {0})",),
    "wilders": ("ta.rma(close, {0})",),
    "willr": ("ta.willr({0})",),
    "wma": ("ta.wma(close, {0})",),
    "kama": ("ta.kama(close, {0})",),
    "stochrsi": ("ta.stochrsi(close, {0}, {0}, 1, 1).k / 100",),
}

APART: dict[str, str] = {
    **dict.fromkeys(("ema", "dema", "tema", "macd", "ppo", "trix", "adosc"), "averages start from the first value"),
    **dict.fromkeys(("atr", "natr", "adx", "di"), "the first candle has a true range"),
    "obv": "starts at 0",
    "cmo": "sums of moves, not Wilder's averages",
    "psar": "the first trend starts one candle later",
}


@cache
def vectors() -> tuple[dict[str, Any], ...]:
    lines = VECTORS.read_text(encoding="utf-8").splitlines() if VECTORS.exists() else []
    return tuple(row for line in lines if all((row := json.loads(line)).get("outputs") or [[]]))


def candles(row: dict[str, Any]) -> Candles:
    """The inputs of a vector as hourly candles of one symbol; two numbers are the open and the volume."""
    names = list(row["input_names"])
    if names == ["real", "real"]:
        names = ["open", "volume"]
    given = {
        ("close" if name == "real" else name): np.array(x, float)[:, None]
        for name, x in zip(names, row["inputs"], strict=True)
    }
    n = len(row["inputs"][0])
    filler = next(iter(given.values()))
    fields = {f: given.get(f, filler) for f in ("open", "high", "low", "close", "volume")}
    return Candles(("S",), {"1h": (np.arange(n, dtype=np.int64) * 3_600_000, fields)})


@pytest.mark.parametrize(
    "row", [r for r in vectors() if r["indicator"] in AGREE], ids=lambda r: f"{r['file']}-{r['indicator']}"
)
def test_agrees_with_the_vector(row: dict[str, Any]) -> None:
    options = [f"{option:g}" for option in row["options"]]
    for template, expected in zip(AGREE[row["indicator"]], row["outputs"], strict=False):
        program = compile_filter(f"match = {template.format(*options)} != 12345", "1h")
        left = program.conditions[0].left
        assert left is not None
        found = evaluate(program, candles(row)).values[left][:, 0][-len(expected) :]
        known = ~np.isnan(found)
        assert known.sum() >= min(1, len(expected))
        np.testing.assert_allclose(found[known], np.array(expected)[known], rtol=2e-3, atol=2e-3)


def test_every_vector_of_ours_is_named() -> None:
    assert not set(AGREE) & set(APART)
    named = {row["indicator"] for row in vectors()}
    assert set(AGREE) | set(APART) <= named
    # What the language has under the same name is in one list or the other.
    assert not (named & set(INDICATORS)) - set(AGREE) - set(APART)
