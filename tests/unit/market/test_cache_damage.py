"""Broken files and disks that fail: the history cache records them, and loses nothing that was whole."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from market.cache import CacheError, HistoryCache
from tests.unit.market.candle_blocks import block, end, numbers
from tests.unit.market.market_fake import T0

ROOT = Path(__file__).parents[3]


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
