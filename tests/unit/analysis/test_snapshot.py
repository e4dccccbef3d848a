"""Snapshots: frozen, hashable, JSON through and through."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import ValidationError

from analysis.snapshot import Snapshot, SnapshotError, build_snapshot, price_text
from market.types import Candle

Candles = Callable[..., list[Candle]]
Build = Callable[..., Snapshot]


def test_a_snapshot_survives_json_with_the_same_digest(snapshot: Snapshot) -> None:
    again = Snapshot.model_validate(json.loads(snapshot.canonical()))
    assert again == snapshot
    assert again.digest == snapshot.digest
    assert len(snapshot.digest) == 64


def test_the_digest_changes_with_any_number(snapshot_of: Build) -> None:
    digests = {snapshot_of(seed).digest for seed in range(5)} | {snapshot_of(1, price=2999.0).digest}
    assert len(digests) == 6


def test_a_snapshot_cannot_be_changed(snapshot: Snapshot) -> None:
    with pytest.raises(ValidationError):
        snapshot.price = 1.0  # type: ignore[misc] # it is refused


def test_unknown_values_are_none_and_unknown_keys_left_out(snapshot: Snapshot) -> None:
    assert snapshot.conditions[0].left == 28.4
    assert snapshot.conditions[1].left is None
    assert "NaN" not in snapshot.canonical()


def test_levels_go_outward_from_the_price(snapshot_of: Build) -> None:
    for seed in range(20):
        s = snapshot_of(seed)
        below, above = [x.price for x in s.supports], [x.price for x in s.resistances]
        assert below == sorted(below, reverse=True)
        assert above == sorted(above)
        assert all(x < s.price for x in below)
        assert all(x > s.price for x in above)


@pytest.mark.parametrize("bars", [1, 7, 200, 1000])
def test_the_candle_tail_has_the_asked_length(snapshot_of: Build, bars: int) -> None:
    s = snapshot_of(1, bars=bars)
    assert len(s.candles) == min(bars, 200)
    assert s.candles[-1].close == s.price
    # Levels and indicators come from all candles given, whatever is shown.
    assert s.atr == snapshot_of(1).atr


@pytest.mark.parametrize("bars", [0, -1, 1001])
def test_a_tail_of_an_impossible_length(snapshot_of: Build, bars: int) -> None:
    with pytest.raises(SnapshotError, match="between 1 and 1000"):
        snapshot_of(1, bars=bars)


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_an_unusable_price(snapshot_of: Build, price: float) -> None:
    with pytest.raises(SnapshotError, match="not a number above zero"):
        snapshot_of(1, price=price)


def test_no_candles_and_broken_candles(candles_of: Candles) -> None:
    with pytest.raises(SnapshotError, match="no candles"):
        build_snapshot("ETHUSDT", "15m", "long", [])
    candles = candles_of()
    candles[50] = replace(candles[50], high=float("nan"))
    with pytest.raises(SnapshotError, match="not a number above zero"):
        build_snapshot("ETHUSDT", "15m", "long", candles)


def test_one_candle_is_a_snapshot_without_measures(candles_of: Candles) -> None:
    s = build_snapshot("ETHUSDT", "15m", "short", candles_of()[:1])
    assert s.atr is None
    assert s.trend == "unknown"
    assert s.indicators == {}
    assert s.digest


def test_prices_are_written_with_the_ticks_decimals() -> None:
    assert price_text(3120.5, Decimal("0.01")) == "3120.50"
    assert price_text(0.00001234, Decimal("0.00000001")) == "0.00001234"
    assert price_text(77231.4, Decimal("1")) == "77231"
    assert price_text(77231.4, Decimal("0.10")) == "77231.4"
    assert price_text(1234567.0, Decimal(0)) == "1.23457e+06"
