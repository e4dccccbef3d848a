"""What other libraries need for the indicators of the same strategies, recomputed on each candle close.

Screeners built on an indicator library call it for every symbol over the candles held whenever a candle closes. So a
peer's time is that of each different indicator once for each symbol, without comparisons and edges, which are left out
in the peer's favour. Indicators that a library lacks cost it nothing. Calls are timed on samples and scaled up.

1. `needed` lists the different indicators of strategies.
2. `TALIB`, `PANDAS_TA` compute one of them for one symbol; `per_symbol_ms` times them.
3. `Vectorbt` asks `benchmarks/peer_vectorbt.py`, run beside the rest by whichever Python has vectorbt.

Times are of the processor, so that a busy machine does not count against a peer.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.distribution import Spec
from benchmarks.reference import leaves
from benchmarks.synthetic import Market

Floats = NDArray[np.float64]
Columns = Mapping[str, Any]
Indicator = tuple[Any, ...]

HERE: Final = Path(__file__).resolve().parent
PEERS_PYTHON: Final = HERE.parent / ".venv-peers" / "bin" / "python"
"""Where `make bench` puts vectorbt, whose dependencies the program itself must not have."""


def needed(specs: Iterable[Spec]) -> list[Indicator]:
    """The different (interval, indicator, arguments...) that the strategies of these specs read."""
    found: set[Indicator] = set()
    for kind, interval, *a in leaves(specs):
        match kind:
            case "cross" | "averages":
                found |= {(interval, a[0], "close", a[1]), (interval, a[0], "close", a[2])}
            case "average":
                found.add((interval, a[0], "close", a[1]))
            case "volume":
                found.add((interval, "sma", "volume", a[0]))
            case "macd" | "macd_cross":
                found.add((interval, "macd", *a[:3]))
            case "breakout":
                found.add((interval, "lowest" if a[1] else "highest", a[0]))
            case "obv":
                found |= {(interval, "obv"), (interval, "sma", "obv", a[0])}
            case "vwap":
                found.add((interval, "vwap"))
            case _:
                found.add((interval, kind, a[0]))
    return sorted(found, key=str)


def _talib() -> dict[str, Callable[..., Any]]:
    t = importlib.import_module("talib")
    return {
        "rsi": lambda c, n: t.RSI(c["close"], n),
        "ema": lambda c, x, n: t.EMA(c[x], n),
        "sma": lambda c, x, n: t.SMA(c[x], n),
        "bbands": lambda c, n: t.BBANDS(c["close"], n, 2.0, 2.0),
        "macd": lambda c, f, s, g: t.MACD(c["close"], f, s, g),
        "adx": lambda c, n: t.ADX(c["high"], c["low"], c["close"], n),
        "highest": lambda c, n: t.MAX(c["high"], n),
        "lowest": lambda c, n: t.MIN(c["low"], n),
        "stoch": lambda c, n: t.STOCH(c["high"], c["low"], c["close"], n, 3, 0, 3, 0),
        "atr": lambda c, n: t.ATR(c["high"], c["low"], c["close"], n),
        "obv": lambda c: t.OBV(c["close"], c["volume"]),
        "change": lambda c, n: t.ROC(c["close"], n),
    }


def _pandas_ta() -> dict[str, Callable[..., Any]]:
    t = importlib.import_module("pandas_ta_classic")
    return {
        "rsi": lambda c, n: t.rsi(c["close"], n),
        "ema": lambda c, x, n: t.ema(c[x], n),
        "sma": lambda c, x, n: t.sma(c[x], n),
        "bbands": lambda c, n: t.bbands(c["close"], n),
        "macd": lambda c, f, s, g: t.macd(c["close"], f, s, g),
        "adx": lambda c, n: t.adx(c["high"], c["low"], c["close"], n),
        "highest": lambda c, n: c["high"].rolling(n).max(),
        "lowest": lambda c, n: c["low"].rolling(n).min(),
        "stoch": lambda c, n: t.stoch(c["high"], c["low"], c["close"], n),
        "atr": lambda c, n: t.atr(c["high"], c["low"], c["close"], n),
        "obv": lambda c: t.obv(c["close"], c["volume"]),
        "change": lambda c, n: t.roc(c["close"], n),
    }


def _series(columns: Columns) -> Columns:
    pandas = importlib.import_module("pandas")
    return {name: pandas.Series(values) for name, values in columns.items()}


LIBRARIES: Final[
    dict[str, tuple[Callable[[], dict[str, Callable[..., Any]]], Callable[[Columns], Columns], int, int]]
] = {
    "talib": (_talib, lambda c: c, 3000, 7),
    "pandas_ta": (_pandas_ta, _series, 200, 1),
}
"""By name: its calls, the form of candles it takes, how many calls a sample has at most, and how often it is timed."""


def per_symbol_ms(name: str, indicators: Sequence[Indicator], market: Market, held: int, symbols: int) -> float | None:
    """Milliseconds for all `indicators` over the newest `held` candles of `symbols` symbols, one after the other.

    None where the library is not installed.
    """
    load, form, limit, runs = LIBRARIES[name]
    try:
        calls = load()
    except ImportError:
        return None
    mine = [i for i in indicators if i[1] in calls]
    rng = random.Random(3)
    sample = rng.sample(mine, limit) if len(mine) > limit else mine
    columns = {i: form(c) for i, c in _candles(market, held).items()}
    spent: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for run in range(runs + 1):
            began = time.process_time()
            # The first run warms up; pandas need not do all of that.
            for interval, kind, *arguments in sample if run else sample[:20]:
                calls[kind](columns[interval], *arguments)
            if run:
                spent.append(time.process_time() - began)
    return statistics.median(spent) * 1e3 * len(mine) / max(1, len(sample)) * symbols


def _candles(market: Market, held: int) -> dict[str, dict[str, Floats]]:
    """The newest candles of one symbol without gaps, by interval and field."""
    column = (market.complete() or [0])[0]
    found: dict[str, dict[str, Floats]] = {}
    for interval in market.series:
        _, fields = market.held(interval)
        found[interval] = {name: np.ascontiguousarray(values[-held:, column]) for name, values in fields.items()}
        # What the strategies average; every peer gets it without charge.
        found[interval]["obv"] = np.cumsum(found[interval]["volume"])
    return found


class Vectorbt:
    """vectorbt's times, measured once in a process of their own, which starts at once and is asked later."""

    def __init__(self, held: int, symbols: int) -> None:
        python = str(PEERS_PYTHON) if PEERS_PYTHON.exists() else sys.executable
        self._symbols = symbols
        self._cost: dict[str, float] | None = None
        self._process = subprocess.Popen(
            [python, "-P", str(HERE / "peer_vectorbt.py"), str(held), str(symbols)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        )  # fmt: skip
        self.pid = self._process.pid

    def ms(self, indicators: Sequence[Indicator], wait: float) -> float | str:
        """Milliseconds for all `indicators` and all symbols, or why there are none: vectorbt is not installed, or was
        not ready within `wait` seconds."""
        if self._cost is None:
            try:
                out, _ = self._process.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                return "not ready yet"
            self._cost = json.loads(out.splitlines()[-1]) if self._process.returncode == 0 else {}
        if not self._cost:
            return "not installed"
        return sum(self._cost.get(str(kind), 0.0) for _, kind, *_ in indicators)

    def stop(self) -> None:
        """End the process where it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
