"""A folder of recorded candles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    random = np.random.default_rng(11)
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, 400)))
        columns = {
            "open_time": START + HOUR * np.arange(400, dtype=np.int64),
            "open": np.concatenate([close[:1], close[:-1]]),
            "high": close * 1.02,
            "low": close * 0.98,
            "close": close,
            "volume": random.lognormal(3, 1, 400),
        }
        (folder / symbol).mkdir()
        pq.write_table(pa.table(columns), folder / symbol / "1h.parquet")
    return folder
