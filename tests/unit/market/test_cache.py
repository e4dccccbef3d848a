"""The history cache: merging, atomic replacement, broken files, full disks, writers that die or work at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.cache import CacheError, HistoryCache, gaps_of
from market.history import read_file, symbols_in
from market.source import FIELDS, CandleBlock
from screener.intervals import interval_ms
from tests.unit.market.candle_blocks import block, end, numbers
from tests.unit.market.market_fake import MINUTE, T0

ROOT = Path(__file__).parents[3]


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


def test_names_that_would_leave_the_folder_are_refused(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    for symbol in ("../AUSDT", "", ".AUSDT", "A/B", "A\0B", "A" * 65):
        with pytest.raises(ValueError, match="cannot be a symbol"):
            cache.path(symbol, "1m")
    with pytest.raises(ValueError, match="unknown interval"):
        cache.read("AUSDT", "7m", 1, end(0))
    assert cache.path("币安人生USDT", "1m").parent.name == "币安人生USDT"


def test_weeks_open_on_mondays(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    monday = 1_700_438_400_000  # 2023-11-20
    week = interval_ms("1w")
    times = np.array([monday, monday + week, monday + 3 * week], np.int64)
    assert cache.write(CandleBlock("AUSDT", "1w", times, block(0, 3).values)) == 3
    assert not cache.problems
    assert len(read_file(cache.path("AUSDT", "1w"), "1w")[0]) == 3
    assert cache.missing("AUSDT", "1w", monday - 1, monday + 4 * week) == [(monday + 2 * week, monday + 3 * week)]


def test_what_is_missing_and_what_the_exchange_has_not(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    assert cache.missing("AUSDT", "1m", end(0), end(5)) == [(end(0), end(5))]
    cache.write(block(5, 5))
    cache.write(block(12, 3))
    assert cache.missing("AUSDT", "1m", end(0), end(20)) == [
        (end(0), end(5)), (end(10), end(12)), (end(15), end(20))
    ]  # fmt: skip
    assert cache.missing("AUSDT", "1m", end(6), end(9)) == []
    assert cache.missing("AUSDT", "1m", end(9), end(9)) == []
    cache.write(block(0, 0), [(end(0), end(5)), (end(10), end(11))])
    assert cache.missing("AUSDT", "1m", end(0), end(15)) == [(end(11), end(12))]
    assert HistoryCache(tmp_path).held("AUSDT", "1m").absent == ((end(0), end(5)), (end(10), end(11)))
    # Candles that come after all are held, and no longer called absent.
    cache.write(block(10, 1))
    cache.write(block(2, 1))
    assert cache.held("AUSDT", "1m").absent == ((end(0), end(2)), (end(3), end(5)))
    assert cache.missing("AUSDT", "1m", end(0), end(15)) == [(end(11), end(12))]


@given(
    held=st.sets(st.integers(0, 30)),
    absent=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8))),
    span=st.tuples(st.integers(-5, 35), st.integers(0, 40)),
)
def test_gaps_equal_a_slow_reference(held: set[int], absent: list[tuple[int, int]], span: tuple[int, int]) -> None:
    spans = [(end(first), end(first + length)) for first, length in absent]
    times = np.array([end(n) for n in sorted(held)], np.int64)
    found = gaps_of(times, "1m", end(span[0]) - 7, end(span[0] + span[1]) - 7, spans)
    known = held | {n for first, length in absent for n in range(first, first + length)}
    wanted = [n for n in range(span[0], span[0] + span[1]) if n not in known]
    assert [n for first, last in found for n in numbers(np.arange(first, last, MINUTE))] == wanted
    assert all(a[1] < b[0] for a, b in pairwise(found))


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


def damaged(data: bytes, how: str) -> bytes:
    if how == "half":
        return data[: len(data) // 2]
    if how == "no end":
        return data[:-4]
    if how == "empty":
        return b""
    if how == "zeros":
        return bytes(len(data))
    flipped = bytearray(data)
    flipped[len(data) // 3] ^= 0x40
    return bytes(flipped)


@pytest.mark.parametrize("how", ["half", "no end", "empty", "zeros", "flipped bit"])
def test_a_broken_file_is_set_aside_and_counts_as_absent(tmp_path: Path, how: str) -> None:
    cache = HistoryCache(tmp_path)
    cache.write(block(0, 3000))
    path = cache.path("AUSDT", "1m")
    broken = damaged(path.read_bytes(), how)
    path.write_bytes(broken)
    assert len(cache.read("AUSDT", "1m", 3000, end(3000))) == 0
    aside = path.with_name("1m.parquet.corrupt")
    assert not path.exists() and aside.read_bytes() == broken
    assert [problem.path for problem in cache.problems] == [path]
    assert cache.problems[0].message.startswith("set aside as 1m.parquet.corrupt: cannot be read")
    assert cache.missing("AUSDT", "1m", end(0), end(9)) == [(end(0), end(9))]
    # A folder with nothing else in it is no symbol, and the next candles begin a new file.
    assert cache.write(block(0, 9)) == 9
    assert len(cache.read("AUSDT", "1m", 9, end(9))) == 9


def test_a_broken_file_met_while_writing_is_set_aside_too(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    cache.write(block(0, 5))
    path = cache.path("AUSDT", "1m")
    pq.write_table(pa.table({"open_time": [T0, T0], "open": [1.0, 2.0]}), path)
    assert cache.write(block(5, 5)) == 5
    assert numbers(cache.held("AUSDT", "1m").times) == list(range(5, 10))
    assert path.with_name("1m.parquet.corrupt").exists()
    assert "column 'high' is missing" in cache.problems[0].message


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


LIMITED = textwrap.dedent(
    """
    import resource, signal, sys
    from pathlib import Path
    from market.cache import CacheError, HistoryCache
    from tests.unit.market.candle_blocks import block

    cache = HistoryCache(Path(sys.argv[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        cache.write(block(20, 3000))
    except CacheError as error:
        print(error)
    assert [problem.message for problem in cache.problems] == ["cannot be written: File too large"]
    """
)


def test_a_full_disk_leaves_the_old_file_and_is_recorded(tmp_path: Path) -> None:
    """The limit of a file's size stands for the disk's: the write fails in the middle, with part of it written."""
    cache = HistoryCache(tmp_path)
    cache.write(block(0, 20))
    path = cache.path("AUSDT", "1m")
    before = path.read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), str(len(before) + 100)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{path}: cannot be written: File too large\n"
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".lock", "1m.parquet"]
    assert cache.write(block(20, 300)) == 300


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A file system of 128 KiB in memory, where one may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False, timeout=20).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a file system cannot be mounted here; the limit of a file's size is tested instead")
    try:
        cache = HistoryCache(disk)
        assert cache.write(block(0, 100)) == 100
        large = block(100, 3000)
        large.values[:] = 1 + np.random.default_rng(1).random((3000, 1))
        with pytest.raises(CacheError, match="No space left on device"):
            cache.write(large)
        assert [problem.message for problem in cache.problems] == ["cannot be written: No space left on device"]
        assert numbers(cache.held("AUSDT", "1m").times) == list(range(100))
        assert cache.write(block(100, 10)) == 10
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=20)


def test_a_disk_that_does_not_answer_costs_no_candle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = HistoryCache(tmp_path)
    cache.write(block(0, 5))
    before = cache.path("AUSDT", "1m").read_bytes()
    with monkeypatch.context() as patch:

        def fails(*_: object, **__: object) -> None:
            raise OSError(5, "Input/output error")

        patch.setattr(pq, "ParquetFile", fails)
        assert len(cache.read("AUSDT", "1m", 5, end(5))) == 0
        with pytest.raises(CacheError):
            cache.write(block(5, 5))
    assert cache.path("AUSDT", "1m").read_bytes() == before
    assert [problem.message for problem in cache.problems] == [
        "cannot be read: Input/output error", "cannot be written: Input/output error"
    ]  # fmt: skip
    assert len(cache.read("AUSDT", "1m", 5, end(5))) == 5


def test_a_folder_that_cannot_be_made_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file where the folder should be")
    cache = HistoryCache(tmp_path / "history")
    with pytest.raises(CacheError, match="cannot be written"):
        cache.write(block(0, 5))
    assert len(cache.read("AUSDT", "1m", 5, end(5))) == 0
    assert "cannot be written" in cache.problems[0].message


WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from market.cache import HistoryCache
    from tests.unit.market.candle_blocks import block

    cache = HistoryCache(Path(sys.argv[1]))
    first, step = int(sys.argv[2]), int(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    n = 0
    while n < 15 or step == 0:
        # Each writes its own candles, and both correct the same one.
        one = block(first + n % 15 * max(step, 1), 1)
        assert cache.write(one) == 1 or step == 0
        cache.write(block(1000, 1, scale=1.0 + first + n))
        n += 1
    assert not cache.problems
    """
)


def writer(folder: Path, first: int, step: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(step)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_and_threads_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    processes = [writer(tmp_path, 0, 3), writer(tmp_path, 1, 3)]
    for process in processes:
        begin(process)
    cache = HistoryCache(tmp_path)
    threads = [
        threading.Thread(target=lambda n=n: [cache.write(block(2 + 3 * i, 1)) for i in range(n, 15, 2)]) for n in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    held = cache.held("AUSDT", "1m")
    assert numbers(held.times) == [*range(45), 1000]
    assert (held.values[:45] == block(0, 45).values).all()
    assert not cache.problems


def test_killed_in_the_middle_it_leaves_a_whole_file(tmp_path: Path) -> None:
    for turn in range(2):
        process = writer(tmp_path, turn, 0)
        begin(process)
        path = tmp_path / "AUSDT" / "1m.parquet"
        seen = {path.stat().st_ino} if path.exists() else set()
        # Until it has replaced the file a few times.
        while len(seen) < 2 + turn:
            assert process.poll() is None
            if path.exists():
                seen.add(path.stat().st_ino)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        times, _ = read_file(path, "1m")
        assert 1000 in numbers(times)
    # What a dead writer left is gone with the next write, and nobody waits for its lock.
    left = tmp_path / "AUSDT" / ".1m.parquet.tmp"
    left.write_bytes(b"half a file")
    cache = HistoryCache(tmp_path)
    assert cache.write(block(500, 1)) == 1
    assert not left.exists() and not cache.problems
