"""The history cache: what is written is read back, merged, and kept only where it is a candle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.cache import HistoryCache
from market.history import read_file, symbols_in
from market.source import FIELDS, CandleBlock
from screener.intervals import interval_ms
from tests.unit.market.candle_blocks import block, end, numbers
from tests.unit.market.market_fake import MINUTE, T0


def test_what_was_written_is_read_back_and_by_the_reader_of_data_folders(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path / "history")
    whole = block(0, 10)
    assert cache.write(CandleBlock("AUSDT", "1m", whole.open_times[:6], whole.values[:6])) == 6
    assert cache.write(CandleBlock("AUSDT", "1m", whole.open_times[4:], whole.values[4:])) == 4
    assert cache.write(whole) == 0
    found = cache.read("AUSDT", "1m", 100, end(10))
    assert (found.open_times == whole.open_times).all() and (found.values == whole.values).all()
    path = cache.path("AUSDT", "1m")
    assert path == tmp_path / "history" / "AUSDT" / "1m.parquet"
    assert pq.read_schema(path).names == ["open_time", *FIELDS]
    assert [str(t) for t in pq.read_schema(path).types] == ["int64", *["double"] * 6, "int64", *["double"] * 2]
    assert symbols_in(tmp_path / "history") == ("AUSDT",)
    times, fields = read_file(path, "1m")
    assert (times == whole.open_times).all() and (fields["close"] == whole.values[:, 3]).all()
    assert (fields["buy_volume"] == whole.values[:, 7]).all()
    assert [entry.name for entry in sorted(path.parent.iterdir())] == [".lock", "1m.parquet"]
    assert not cache.problems


def test_newest_candles_end_at_the_time_asked_for_and_at_a_gap(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    cache.write(block(0, 10))
    cache.write(block(12, 8))
    assert numbers(cache.read("AUSDT", "1m", 3, end(20)).open_times) == [17, 18, 19]
    assert numbers(cache.read("AUSDT", "1m", 100, end(20)).open_times) == list(range(12, 20))
    # The candle that closes then is in, one millisecond earlier it is not.
    assert numbers(cache.read("AUSDT", "1m", 2, end(10)).open_times) == [8, 9]
    assert numbers(cache.read("AUSDT", "1m", 2, end(10) - 1).open_times) == [7, 8]
    assert len(cache.read("AUSDT", "1m", 5, end(0))) == 0
    assert len(cache.read("BUSDT", "1m", 5, end(9))) == 0
    assert cache.read("AUSDT", "5m", 5, end(9)).values.shape == (0, len(FIELDS))


def test_of_a_long_file_only_the_newest_part_is_read_and_nothing_missed(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    count = 80_000
    times = T0 + MINUTE * np.arange(count, dtype=np.int64)
    values = np.arange(1, count + 1, dtype=np.float64)[:, None] + np.zeros(len(FIELDS))
    cache.write(CandleBlock("AUSDT", "1m", times, values))
    assert pq.ParquetFile(cache.path("AUSDT", "1m")).num_row_groups == 3
    for last in (count, 70_000, 40_000, 32_768, 5):
        for wanted in (1, 10, 40_000):
            found = cache.read("AUSDT", "1m", wanted, end(last))
            assert numbers(found.open_times) == list(range(max(0, last - wanted), last))
            assert (found.values[:, 3] - 1).tolist() == numbers(found.open_times)


def test_a_few_rows_are_not_worth_writing_a_large_file_anew(tmp_path: Path) -> None:
    def hold(count: int) -> None:
        times = T0 + MINUTE * np.arange(count, dtype=np.int64)
        cache.write(CandleBlock("AUSDT", "1m", times, np.ones((count, len(FIELDS)))))

    cache = HistoryCache(tmp_path)
    assert cache.worth("AUSDT", "1m", 1)
    hold(20_000)
    assert cache.worth("AUSDT", "1m", 1)
    hold(25_600)
    assert cache.worth("AUSDT", "1m", 400) and not cache.worth("AUSDT", "1m", 399)
    # What one request would not bring again is stored.
    hold(70_000)
    assert not cache.worth("AUSDT", "1m", 999) and cache.worth("AUSDT", "1m", 1000)
    cache.path("AUSDT", "1m").write_bytes(b"broken")
    assert cache.worth("AUSDT", "1m", 1)


def test_rows_that_differ_are_replaced_and_unknown_numbers_replace_nothing(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    cache.write(block(0, 10))
    corrected = block(3, 2, scale=2.0)
    assert cache.write(corrected) == 2
    found = cache.read("AUSDT", "1m", 10, end(10))
    assert (found.values[3:5] == corrected.values).all()
    assert (found.values[[0, 1, 2, 5, 6, 7, 8, 9]] == block(0, 10).values[[0, 1, 2, 5, 6, 7, 8, 9]]).all()
    bare = block(3, 2, scale=3.0)
    bare.values[:, 5:] = np.nan
    assert cache.write(bare) == 2
    found = cache.read("AUSDT", "1m", 10, end(10))
    assert (found.values[3:5, :5] == bare.values[:, :5]).all()
    assert (found.values[3:5, 5:] == corrected.values[:, 5:]).all()
    assert cache.write(bare) == 0
    # What was unknown and comes to be known counts.
    first = block(0, 2, symbol="BUSDT")
    first.values[:, 5:] = np.nan
    assert cache.write(first) == 2 and cache.write(block(0, 2, symbol="BUSDT")) == 2
    assert (cache.held("BUSDT", "1m").values == block(0, 2, symbol="BUSDT").values).all()


def test_rows_that_are_no_candles_are_left_out_and_recorded(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    bad = block(0, 7)
    bad.values[1, 0] = np.nan
    bad.values[2, 4] = np.inf
    bad.values[3, 2] = bad.values[3, 1] + 1
    bad.open_times[4] += 1
    bad.open_times[5] //= 1000
    assert cache.write(bad) == 2
    assert numbers(cache.held("AUSDT", "1m").times) == [0, 6]
    assert [problem.message for problem in cache.problems] == [
        f"5 rows left out, the first opens at {end(1)}: its time opens no candle; a price is not a number; "
        "high and low do not enclose open and close; a volume is negative or infinite"
    ]
    mixed = CandleBlock("AUSDT", "1m", block(0, 3).open_times[[2, 1, 2]], block(10, 3).values)
    assert cache.write(mixed) == 2
    held = cache.held("AUSDT", "1m")
    assert numbers(held.times) == [0, 1, 2, 6] and (held.values[2] == block(12, 1).values[0]).all()


@settings(max_examples=40)
@given(parts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), st.sampled_from([1.0, 2.0])), max_size=6))
def test_any_order_of_blocks_ends_as_the_newest_of_each_candle(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int, float]]
) -> None:
    cache = HistoryCache(tmp_path_factory.mktemp("cache"))
    truth: dict[int, list[float]] = {}
    for first, count, scale in parts:
        one = block(first, count, scale=scale)
        rows = dict(zip(numbers(one.open_times), one.values.tolist(), strict=True))
        assert cache.write(one) == sum(truth.get(n) != row for n, row in rows.items())
        truth |= rows
    held = cache.held("AUSDT", "1m")
    assert numbers(held.times) == sorted(truth)
    assert held.values.tolist() == [truth[n] for n in sorted(truth)]


def test_a_file_of_others_is_added_to(tmp_path: Path) -> None:
    """Rows in any order and without the optional columns, as `--data` reads them."""
    cache = HistoryCache(tmp_path)
    one = block(0, 4)
    path = cache.path("AUSDT", "1m")
    path.parent.mkdir(parents=True)
    order = [2, 0, 3, 1]
    columns = {name: one.values[order, i] for i, name in enumerate(FIELDS[:5])}
    pq.write_table(pa.table({"open_time": one.open_times[order], **columns}), path)
    assert numbers(cache.read("AUSDT", "1m", 2, end(4)).open_times) == [2, 3]
    assert cache.write(block(4, 1)) == 1
    found = cache.read("AUSDT", "1m", 9, end(5))
    assert numbers(found.open_times) == [0, 1, 2, 3, 4]
    assert np.isnan(found.values[:4, 5:]).all() and (found.values[:4, :5] == one.values[:, :5]).all()


def test_weeks_open_on_mondays(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    monday = 1_700_438_400_000  # 2023-11-20
    week = interval_ms("1w")
    times = np.array([monday, monday + week, monday + 3 * week], np.int64)
    assert cache.write(CandleBlock("AUSDT", "1w", times, block(0, 3).values)) == 3
    assert not cache.problems
    assert len(read_file(cache.path("AUSDT", "1w"), "1w")[0]) == 3
    assert cache.missing("AUSDT", "1w", monday - 1, monday + 4 * week) == [(monday + 2 * week, monday + 3 * week)]


def test_names_that_would_leave_the_folder_are_refused(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    for symbol in ("../AUSDT", "", ".AUSDT", "A/B", "A\0B", "A" * 65):
        with pytest.raises(ValueError, match="cannot be a symbol"):
            cache.path(symbol, "1m")
    with pytest.raises(ValueError, match="unknown interval"):
        cache.read("AUSDT", "7m", 1, end(0))
    assert cache.path("币安人生USDT", "1m").parent.name == "币安人生USDT"
