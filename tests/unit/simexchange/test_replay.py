"""Recorded candles: served as recorded, aggregated upward, divided downward."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from simexchange.candles import BUY, CLOSE, HIGH, LOW, OPEN, SELL, TRADES, aggregate
from simexchange.cli import main
from simexchange.recorded import RecordingError
from simexchange.replay import ReplayMarket

BEGIN = 1_693_440_000
ROW = np.zeros(1, dtype=np.int64)


def columns(count: int, seed: int, gaps: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    closes = np.round(100.0 + np.cumsum(random.normal(0.0, 0.2, count)), 2)
    opens = np.concatenate(([100.0], closes[:-1]))
    kept = np.array([number not in gaps for number in range(count)])
    volume = np.round(random.gamma(2.0, 50.0, count), 3)
    volume[count // 2] = 0.0
    made = {
        "open_time": (BEGIN + 300 * np.arange(count)) * 1000,
        "open": opens,
        "high": np.round(np.maximum(opens, closes) + random.uniform(0.0, 0.2, count), 2),
        "low": np.round(np.minimum(opens, closes) - random.uniform(0.0, 0.2, count), 2),
        "close": closes,
        "volume": volume,
    }
    return {name: values[kept] for name, values in made.items()}


def record(folder: Path, symbol: str, interval: str, table: dict[str, np.ndarray]) -> None:
    (folder / symbol).mkdir(exist_ok=True)
    pyarrow.parquet.write_table(pa.table(table), folder / symbol / f"{interval}.parquet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record(tmp_path, "AAAUSDT", "5m", columns(288, 1))
    record(tmp_path, "BTCUSDT", "5m", columns(288, 2, gaps=(7, 8, 100)))
    return tmp_path


def test_recorded_candles_come_back_as_recorded(folder: Path) -> None:
    market = ReplayMarket(folder, seed=1)
    assert [listing.symbol for listing in market.listings] == ["BTCUSDT", "AAAUSDT"]
    assert (market.first, market.last) == (BEGIN, BEGIN + 288 * 300)
    assert market.usual_start() == BEGIN + 172 * 300 + 240
    table = columns(288, 1)
    candles = market.candles(ROW + 1, 300, BEGIN // 300, 288)
    assert candles.present.all()
    for field, name in ((OPEN, "open"), (HIGH, "high"), (LOW, "low"), (CLOSE, "close")):
        np.testing.assert_array_equal(candles.fields[field, 0] / 100, table[name])
    np.testing.assert_allclose((candles.fields[BUY] + candles.fields[SELL])[0] / 1000, table["volume"])


@pytest.mark.parametrize("part", [60, 1])
def test_made_minutes_add_up_to_the_recorded_candles(folder: Path, part: int) -> None:
    market = ReplayMarket(folder, seed=1)
    rows = np.arange(2)
    whole = market.candles(rows, 300, BEGIN // 300 + 90, 20)
    parts = market.candles(rows, part, BEGIN // part + 90 * 300 // part, 20 * 300 // part)
    added = aggregate(parts, 300 // part)
    np.testing.assert_array_equal(added.present, whole.present)
    np.testing.assert_array_equal(added.fields[:, whole.present], whole.fields[:, whole.present])
    assert not whole.present[0, 10] and whole.present[1].all()


def test_three_minutes_are_made_across_recorded_candles(folder: Path) -> None:
    market = ReplayMarket(folder, seed=1)
    minutes = market.candles(ROW + 1, 60, BEGIN // 60, 30)
    threes = market.candles(ROW + 1, 180, BEGIN // 180, 10)
    np.testing.assert_array_equal(aggregate(minutes, 3).fields, threes.fields)


def test_higher_intervals_only_from_complete_candles(folder: Path) -> None:
    market = ReplayMarket(folder, seed=1)
    hours = market.candles(np.arange(2), 3_600, BEGIN // 3_600 - 1, 26)
    assert not hours.present[:, 0].any() and not hours.present[:, 25].any()
    assert hours.present[1, 1:25].all()
    assert np.flatnonzero(~hours.present[0, 1:25]).tolist() == [0, 8]


def test_a_recorded_higher_interval_is_used_where_there_is_one(folder: Path) -> None:
    daily = {name: values[:2] for name, values in columns(288, 9).items()}
    daily["open_time"] = np.array([(BEGIN - 86_400) * 1000, BEGIN * 1000])
    daily |= {"quote_volume": daily["close"] * daily["volume"], "trades": np.array([41, 57])}
    daily |= {"taker_buy_base": daily["volume"] / 4, "taker_buy_quote": daily["close"] * daily["volume"] / 4}
    record(folder, "AAAUSDT", "1d", daily)
    market = ReplayMarket(folder, seed=1)
    days = market.candles(np.arange(2), 86_400, BEGIN // 86_400 - 1, 2)
    assert days.present.tolist() == [[False, False], [True, True]]
    assert days.fields[TRADES, 1].tolist() == [41, 57]
    assert market.first == BEGIN - 86_400
    assert market.usual_start() > BEGIN


def test_the_quote_asset_is_read_from_the_name(tmp_path: Path) -> None:
    for symbol in ("ADABTC", "ETHUSDT"):
        record(tmp_path, symbol, "5m", columns(3, 1))
    listings = ReplayMarket(tmp_path, seed=1).listings
    assert [(listing.base, listing.quote) for listing in listings] == [("ADA", "BTC"), ("ETH", "USDT")]


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "ETHUSDT").mkdir()
    table = columns(20, 4)
    with (tmp_path / "ETHUSDT" / "5m.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    candles = ReplayMarket(tmp_path, seed=1).candles(ROW, 300, BEGIN // 300, 20)
    np.testing.assert_array_equal(candles.fields[CLOSE, 0] / 100, table["close"])


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such folder"):
        ReplayMarket(tmp_path / "absent", seed=1)
    with pytest.raises(RecordingError, match="no <SYMBOL>"):
        ReplayMarket(tmp_path, seed=1)
    place = tmp_path / "ETHUSDT"
    place.mkdir()
    (place / "5m.parquet").write_bytes(b"not parquet")
    with pytest.raises(RecordingError, match="cannot be read"):
        ReplayMarket(tmp_path, seed=1)
    record(tmp_path, "ETHUSDT", "5m", {"open_time": np.array([BEGIN * 1000]), "open": np.array([1.0])})
    with pytest.raises(RecordingError, match="no column high"):
        ReplayMarket(tmp_path, seed=1)
    record(tmp_path, "ETHUSDT", "5m", {name: values[:0] for name, values in columns(5, 1).items()})
    with pytest.raises(RecordingError, match="holds no candles"):
        ReplayMarket(tmp_path, seed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--symbols", "9999"], "1 to"),
        (["--speed", "0"], "--speed"),
        (["--port", "70000"], "--port"),
        (["--start", "yesterday"], "not an ISO 8601 time"),
        (["--start", "1999-01-01"], "outside the market"),
        (["--replay", "/nowhere/at/all"], "no such folder"),
        (["--weight-limit", "-1"], "--weight-limit"),
    ],
)
def test_bad_options(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
