"""Writers of one history file that work at once, or die in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

from market.cache import HistoryCache
from market.history import read_file
from tests.unit.market.candle_blocks import block, numbers

ROOT = Path(__file__).parents[3]


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
