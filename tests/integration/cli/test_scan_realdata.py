"""`screener scan` over recorded candles against pandas and TA-Lib, which share no code with the engine.

Compared are all matches from the day on when every average has forgotten how it was seeded (`WARM`).
Prices lie on ticks, so that round levels (2 deviations, a stochastic of 90) are at times met exactly, and the last bit
of the arithmetic then decides a strict comparison; the levels here are none that ticks meet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import talib
from talib._ta_lib import MA_Type

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "klines" / "spot_125_5m_2023q3"
WARM = "2023-09-20T00:00:00Z"
Hits = set[tuple[str, str]]


def moments_of(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """The open times of candles."""
    return pd.DatetimeIndex(frame.index)


def known(*inputs: pd.Series) -> pd.Series:
    """Where all inputs have values: elsewhere a filter is unknown, not false."""
    result = inputs[0].notna()
    for item in inputs[1:]:
        result &= item.notna()
    return result


def oversold(c: pd.DataFrame) -> pd.DataFrame:
    """RSI under 25 while the price is above the hourly EMA 50, as of the last closed hour."""
    rsi = pd.Series(talib.RSI(c["close"].to_numpy(), 14), c.index)
    hours = c["close"].groupby(moments_of(c).floor("1h")).agg(["last", "size"])
    closes = hours.loc[hours["size"] == 12, "last"]
    ema = pd.Series(talib.EMA(closes.to_numpy(), 50), closes.index)
    # Both axes become closing moments; an hourly value holds from its close until the next one.
    ema.index = pd.DatetimeIndex(ema.index) + pd.Timedelta("1h")
    moments = moments_of(c) + pd.Timedelta("5min")
    held = ema.reindex(ema.index.union(moments)).ffill().reindex(moments).set_axis(c.index)
    return pd.DataFrame({"match": (rsi < 25) & (c["close"] > held), "known": known(rsi, held)})


def squeeze_break(c: pd.DataFrame) -> pd.DataFrame:
    """A close over the upper Bollinger band on three times the usual volume, while the MACD histogram rises."""
    close, volume = c["close"].to_numpy(), c["volume"].to_numpy()
    upper = pd.Series(talib.BBANDS(close, 20, 2.1, 2.1)[0], c.index)
    usual = pd.Series(talib.SMA(volume, 20), c.index)
    hist = pd.Series(talib.MACD(close, 12, 26, 9)[2], c.index)
    match = (c["close"] > upper) & (c["volume"] > 3 * usual) & (hist > hist.shift(1))
    return pd.DataFrame({"match": match, "known": known(upper, usual, hist, hist.shift(1))})


def trend_turn(c: pd.DataFrame) -> pd.DataFrame:
    """The fast EMA crossing over the slow one in a trend (ADX), stochastic not overbought, below the top."""
    high, low, close = (c[name].to_numpy() for name in ("high", "low", "close"))
    fast, slow = (pd.Series(talib.EMA(close, n), c.index) for n in (12, 48))
    adx = pd.Series(talib.ADX(high, low, close, 14), c.index)
    stoch = pd.Series(talib.STOCH(high, low, close, 14, 3, MA_Type.SMA, 3, MA_Type.SMA)[0], c.index)
    atr = pd.Series(talib.ATR(high, low, close, 14), c.index)
    top = c["high"].rolling(96).max().shift(1)
    cross = (fast > slow) & (fast.shift(1) <= slow.shift(1))
    match = cross & (adx > 20) & (stoch < 87.3) & (c["close"] < top - atr)
    return pd.DataFrame({"match": match, "known": known(fast, slow, adx, stoch, atr, top)})


FILTERS: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "oversold above the hourly average": (
        'hours = tf("1h")\nmatch = ta.rsi(close, 14) < 25 and close > ta.ema(hours.close, 50)\n',
        oversold,
    ),
    "breakout on volume": (
        "bb = ta.bbands(close, 20, 2.1)\nmacd = ta.macd(close, 12, 26, 9)\n"
        "match = close > bb.upper and volume > 3 * ta.sma(volume, 20) and macd.hist > macd.hist[1]\n",
        squeeze_break,
    ),
    "turn in a trend": (
        "match = (crossover(ta.ema(close, 12), ta.ema(close, 48)) and ta.adx(14).adx > 20\n"
        "         and ta.stoch(14, 3, 3).k < 87.3 and close < highest(high, 96)[1] - ta.atr(14))\n",
        trend_turn,
    ),
}


@pytest.fixture(scope="module")
def candles() -> dict[str, pd.DataFrame]:
    if not DATA.is_dir():
        pytest.skip("the recorded candles ../shared/data/klines/spot_125_5m_2023q3 are missing")
    found: dict[str, pd.DataFrame] = {}
    for folder in sorted(DATA.iterdir()):
        if folder.is_dir():
            frame = pd.read_parquet(folder / "5m.parquet")
            found[folder.name] = frame.set_index(pd.to_datetime(frame["open_time"], unit="ms", utc=True))
    return found


def scanned(text: str, hits: str) -> Hits:
    command = [sys.executable, "-m", "app", "scan", "-", "--data", str(DATA), "--interval", "5m"]
    command += ["--hits", hits, "--from", WARM, "--json"]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(row["conditions"] and all(c["value"] is True for c in row["conditions"]) for row in rows)
    found = {(row["symbol"], row["candle_close"]) for row in rows}
    assert len(found) == len(rows)
    return found


def computed(candles: dict[str, pd.DataFrame], rule: Callable[[pd.DataFrame], pd.DataFrame], hits: str) -> Hits:
    found: Hits = set()
    for symbol, frame in candles.items():
        rows = rule(frame)
        match = (rows["match"] & rows["known"]).astype(bool)
        if hits == "edges":
            match &= (~match & rows["known"]).shift(1, fill_value=False)
        closes = moments_of(frame)[match.to_numpy()] + pd.Timedelta("5min")
        found |= {(symbol, close.strftime("%Y-%m-%dT%H:%M:%SZ")) for close in closes}
    return {pair for pair in found if pair[1] >= WARM}


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize("hits", ["edges", "all"])
@pytest.mark.parametrize("name", FILTERS)
def test_scan_equals_pandas_and_talib(candles: dict[str, pd.DataFrame], name: str, hits: str) -> None:
    text, rule = FILTERS[name]
    begin = time.perf_counter()
    ours = scanned(text, hits)
    seconds = time.perf_counter() - begin
    theirs = computed(candles, rule, hits)
    print(f"{name}, {hits}: {len(ours)} matches, {len(theirs)} computed, {seconds:.1f} s")
    assert len(theirs) > 20
    assert ours == theirs, sorted(ours ^ theirs)[:10]
