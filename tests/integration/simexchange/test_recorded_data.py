"""Replay of real recordings gives them back, whole and divided."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from simexchange import wire
from simexchange.candles import aggregate
from simexchange.replay import ReplayMarket

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "klines" / "spot_125_5m_2023q3"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the recorded market data beside the project"),
]


def test_recorded_candles_are_served_as_recorded() -> None:
    market = ReplayMarket(FOLDER, seed=1)
    assert len(market.listings) == 125 and market.listings[0].symbol == "BTCUSDT"
    first = market.first // 300
    for row in range(0, 125, 12):
        listing = market.listings[row]
        table = pyarrow.parquet.ParquetFile(FOLDER / listing.symbol / "5m.parquet").read()
        rows = np.array([row])
        count = (market.last or 0) // 300 - first
        candles = market.candles(rows, 300, first, count)
        served = json.loads(wire.klines(candles, listing, 300, first))
        for column, name in enumerate(("open_time", "open", "high", "low", "close", "volume")):
            recorded = table.column(name).to_numpy().astype(float)
            np.testing.assert_allclose([float(one[column]) for one in served], recorded, rtol=1e-12)


def test_made_minutes_of_real_candles_add_up() -> None:
    market = ReplayMarket(FOLDER, seed=1)
    rows = np.arange(125)
    begin = market.usual_start() // 300
    whole = market.candles(rows, 300, begin, 24)
    minutes = aggregate(market.candles(rows, 60, begin * 5, 120), 5)
    np.testing.assert_array_equal(minutes.present, whole.present)
    np.testing.assert_array_equal(minutes.fields[:, whole.present], whole.fields[:, whole.present])
