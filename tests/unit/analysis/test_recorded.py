"""The offline analyst and the checks on recorded candles."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from analysis import build_snapshot, validate
from analysis.offline import analyse_offline
from market.types import Candle

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "klines" / "spot_top10"


@pytest.mark.realdata
@pytest.mark.parametrize("direction", ["long", "short"])
def test_on_recorded_hours_every_decision_passes_and_most_enter(direction: str) -> None:
    if not FOLDER.is_dir():
        pytest.skip("the recorded market data folder ../shared/data is missing")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(FOLDER / "ETHUSDT" / "1h.parquet").to_pydict()
    nothing = float("nan")
    fields = (table[name] for name in ("open_time", "open", "high", "low", "close", "volume"))
    candles = [
        Candle("ETHUSDT", "1h", time, o, h, low, close, volume, nothing, nothing, nothing, nothing)
        for time, o, h, low, close, volume in zip(*fields, strict=True)
    ]
    choices: Counter[str] = Counter()
    for end in range(400, len(candles), len(candles) // 100):
        snapshot = build_snapshot("ETHUSDT", "1h", direction, candles[end - 300 : end], tick_size=Decimal("0.01"))
        proposed = analyse_offline(snapshot)
        final, report = validate(proposed, snapshot)
        assert [c.message for c in report.checks if c.status == "failed"] == []
        assert final.decision == proposed.decision
        choices[final.decision] += 1
    assert choices["enter_trade"] > sum(choices.values()) / 2
