"""How long a snapshot takes: levels, context and hash over 300 and 1,000 candles, with the table that the engine holds,
and with one that is replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from analysis import build_snapshot
from analysis.context import Surroundings
from analysis.snapshot import replayed_table
from analysis.snapshot_parts import IndicatorRow
from benchmarks.rows import Detail, Row
from market.types import Candle

LIMIT_MS: Final = 10.0
SYMBOLS: Final = 600
ROUNDS: Final = 300
STEP: Final = 900_000


def candles(count: int, seed: int = 3) -> list[Candle]:
    """A seeded walk of 15-minute candles."""
    rng = np.random.default_rng(seed)
    closes = 3000 * np.exp(np.cumsum(rng.normal(0, 0.004, count)))
    opens = np.concatenate([[3000.0], closes[:-1]])
    highs = np.maximum(opens, closes) * (1 + rng.random(count) * 0.002)
    lows = np.minimum(opens, closes) * (1 - rng.random(count) * 0.002)
    volumes = rng.lognormal(3, 0.5, count)
    rows = np.stack([opens, highs, lows, closes, volumes, volumes * closes, volumes, volumes / 2, volumes], axis=1)
    first = 1_700_000_100_000
    return [Candle("ETHUSDT", "15m", first + i * STEP, *row) for i, row in enumerate(rows.round(2).tolist())]


def run(wanted: str = "analysis.snapshot") -> Iterator[Row]:
    """Rows `analysis.snapshot.300`, `.1000` and `.1000.replay`: the 99th percentile, in milliseconds."""
    for count, replay in ((300, False), (1000, False), (1000, True)):
        name = f"analysis.snapshot.{count}{'.replay' if replay else ''}"
        if wanted in (name, "analysis.snapshot") or name.startswith(f"{wanted}."):
            held = candles(count)
            table = None if replay else replayed_table("ETHUSDT", {"15m": held})
            yield _row(name, held, table)


def _row(name: str, held: Sequence[Candle], table: Sequence[IndicatorRow] | None) -> Row:
    around = Surroundings(candles(200, 5), np.random.default_rng(1).random((50, SYMBOLS)))
    spent, busy = [], []
    for _ in range(ROUNDS):
        began, begun = time.perf_counter(), time.thread_time()
        snapshot = build_snapshot(
            "ETHUSDT",
            "15m",
            "long",
            held,
            tick_size=Decimal("0.01"),
            bars=len(held),
            table=table,
            around=around,
        )
        digest = snapshot.digest
        spent.append((time.perf_counter() - began) * 1e3)
        busy.append((time.thread_time() - begun) * 1e3)
    median, most = np.percentile(spent[5:], [50, 99])
    # Of the processor alone: what it takes on a machine with nothing else to do.
    own_median, own_most = np.percentile(busy[5:], [50, 99])
    details: dict[str, Detail] = {
        "p50": float(median),
        "cpu_p50": float(own_median),
        "cpu_p99": float(own_most),
        "numbers": len(snapshot.numbers()),
        "hash": digest[:8],
    }
    return Row(name, float(most), "ms", LIMIT_MS, details)
