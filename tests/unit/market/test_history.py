"""Candle folders: Parquet and CSV, aggregation, and what an error says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.history import HistoryError, read_folder, symbols_in
from screener.intervals import SERIES, interval_ms
from tests.unit.market.market_fake import MINUTE, T0, candle

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "klines" / "spot_125_5m_2023q3"


def columns(symbol: str, interval: str, first: int, count: int) -> dict[str, list[float]]:
    rows = [candle(symbol, interval, first + i * interval_ms(interval)) for i in range(count)]
    names = (
        "open_time", "open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_base"
    )  # fmt: skip
    return {name: [getattr(row, name) for row in rows] for name in names}


def write(folder: Path, symbol: str, interval: str, data: dict[str, list[float]], suffix: str = "parquet") -> Path:
    (folder / symbol).mkdir(exist_ok=True)
    path = folder / symbol / f"{interval}.{suffix}"
    if suffix == "csv":
        lines = [",".join(data), *(",".join(map(str, row)) for row in zip(*data.values(), strict=True))]
        path.write_text("\n".join(lines) + "\n")
    else:
        pq.write_table(pa.table(data), path)
    return path


def test_two_symbols_with_different_starts_and_formats(tmp_path: Path) -> None:
    write(tmp_path, "AUSDT", "5m", columns("AUSDT", "5m", T0, 20))
    write(tmp_path, "BUSDT", "5m", columns("BUSDT", "5m", T0 + 50 * MINUTE, 20), "csv")
    table = read_folder(tmp_path, "5m")
    times, fields = table.series["5m"]
    assert table.symbols == ("AUSDT", "BUSDT")
    assert tuple(fields) == SERIES
    assert times.tolist() == [T0 + 5 * MINUTE * i for i in range(30)]
    assert np.isnan(fields["close"][:10, 1]).all() and not np.isnan(fields["close"][:20, 0]).any()
    want = candle("BUSDT", "5m", T0 + 50 * MINUTE)
    assert fields["close"][10, 1] == want.close
    assert fields["buy_volume"][10, 1] == want.taker_buy_base
    assert fields["sell_volume"][10, 1] == want.volume - want.taker_buy_base


def test_a_hole_is_unknown_and_the_axis_contiguous(tmp_path: Path) -> None:
    data = columns("AUSDT", "5m", T0, 20)
    write(tmp_path, "AUSDT", "5m", {name: values[:5] + values[8:] for name, values in data.items()})
    times, fields = read_folder(tmp_path, "5m").series["5m"]
    assert len(times) == 20
    assert np.flatnonzero(np.isnan(fields["close"][:, 0])).tolist() == [5, 6, 7]
    times, fields = read_folder(tmp_path, "15m").series["15m"]
    assert np.isnan(fields["close"][:, 0]).tolist() == [False, True, True, False, False, False]


def test_a_missing_interval_comes_from_the_highest_lower_one(tmp_path: Path) -> None:
    write(tmp_path, "AUSDT", "1m", columns("AUSDT", "1m", T0 + 60 * MINUTE, 10))
    write(tmp_path, "AUSDT", "15m", columns("AUSDT", "15m", T0, 9))
    table = read_folder(tmp_path, ["1m", "15m", "1h"])
    times, fields = table.series["1h"]
    assert times.tolist() == [T0, T0 + 60 * MINUTE]
    assert fields["high"][1, 0] == candle("AUSDT", "1h", T0 + 60 * MINUTE).high
    # a higher interval starts where its own file does
    assert int(table.series["15m"][0][0]) == T0
    assert int(table.series["1m"][0][0]) == T0 + 60 * MINUTE


def test_bounds_and_choice_of_symbols(tmp_path: Path) -> None:
    for name in ("AUSDT", "BUSDT"):
        write(tmp_path, name, "5m", columns(name, "5m", T0, 20))
    table = read_folder(tmp_path, "5m", ["BUSDT"], T0 + 1, T0 + 20 * MINUTE)
    assert table.symbols == ("BUSDT",)
    assert table.series["5m"][0].tolist() == [T0 + 5 * MINUTE, T0 + 10 * MINUTE, T0 + 15 * MINUTE]
    assert len(read_folder(tmp_path, "5m", start=T0 + 900 * MINUTE).series["5m"][0]) == 0


def test_rows_out_of_order_and_prices_only(tmp_path: Path) -> None:
    data = columns("AUSDT", "5m", T0, 4)
    few = {name: list(reversed(data[name])) for name in ("open_time", "open", "high", "low", "close", "volume")}
    write(tmp_path, "AUSDT", "5m", few)
    times, fields = read_folder(tmp_path, "5m").series["5m"]
    assert times.tolist() == data["open_time"]
    assert fields["close"][:, 0].tolist() == data["close"]
    assert np.isnan(fields["trades"]).all() and np.isnan(fields["buy_volume"]).all()


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "column": ({"close": None}, "column 'close' is missing"),
    "off": ({"open_time": [T0, T0 + 1]}, f"column 'open_time' has {T0 + 1}, where no 5m candle opens"),
    "seconds": ({"open_time": [T0 // 1000, T0 // 1000 + 300]}, "must be milliseconds UTC"),
    "twice": ({"open_time": [T0, T0]}, f"column 'open_time' has {T0} more than once"),
    "text": ({"low": ["a", "b"]}, "column 'low' must hold numbers"),
    "crossed": ({"low": [1e9, 1.0]}, f"column 'low' is above 'high' at open_time {T0}"),
    "infinite": ({"volume": [float("inf"), 1.0]}, "column 'volume' holds an infinite number"),
    "fraction": ({"open_time": [T0 + 0.5, T0 + 1.5]}, "must hold whole milliseconds"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_errors_name_file_and_column(tmp_path: Path, case: str) -> None:
    changes, message = BROKEN[case]
    data = {**columns("AUSDT", "5m", T0, 2), **changes}
    path = write(tmp_path, "AUSDT", "5m", {k: v for k, v in data.items() if v is not None})
    with pytest.raises(HistoryError) as caught:
        read_folder(tmp_path, "5m")
    assert str(path) in str(caught.value) and message in str(caught.value)


def test_errors_of_folders(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="no such folder"):
        read_folder(tmp_path / "absent", "5m")
    with pytest.raises(HistoryError, match=r"holds no <SYMBOL>"):
        symbols_in(tmp_path)
    write(tmp_path, "AUSDT", "5m", columns("AUSDT", "5m", T0, 2))
    with pytest.raises(HistoryError, match="no candles of ZUSDT"):
        read_folder(tmp_path, "5m", ["ZUSDT"])
    with pytest.raises(HistoryError, match=r"no 3m candles, and none to make them of \(it has 5m\)"):
        read_folder(tmp_path, "3m")
    with pytest.raises(ValueError, match="unknown interval"):
        read_folder(tmp_path, "7m")
    (tmp_path / "AUSDT" / "5m.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(HistoryError, match="cannot be read"):
        read_folder(tmp_path, "5m")
    (tmp_path / "AUSDT" / "5m.parquet").unlink()
    (tmp_path / "AUSDT" / "5m.csv").write_text("")
    with pytest.raises(HistoryError, match="cannot be read"):
        read_folder(tmp_path, "5m")


@pytest.mark.realdata
def test_recorded_market() -> None:
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded candles at {RECORDED}")
    table = read_folder(RECORDED, ["5m", "1h"])
    times, fields = table.series["5m"]
    assert len(table.symbols) == 125 and (np.diff(times) == 5 * MINUTE).all()
    raw = pq.read_table(RECORDED / "ADAUSDT" / "5m.parquet").to_pydict()
    column = table.symbols.index("ADAUSDT")
    rows = np.searchsorted(times, raw["open_time"])
    assert (fields["close"][rows, column] == raw["close"]).all()
    hours, folded = table.series["1h"]
    inside = (times >= hours[100]) & (times < hours[101])
    assert folded["volume"][100, column] == pytest.approx(fields["volume"][inside, column].sum())
    assert folded["high"][100, column] == fields["high"][inside, column].max()
