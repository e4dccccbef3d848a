"""The machine under the benchmarks: what it is, one core of it to measure on, and how fast it copies memory."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def one_thread() -> None:
    """Have numerical libraries use one thread; before they are imported."""
    for name in THREADS:
        os.environ.setdefault(name, "1")


def cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


@contextmanager
def one_core() -> Iterator[None]:
    """Stay on one core, the last one; where the system cannot, the scheduler decides."""
    before = cores()
    _stay_on(before[-1:])
    try:
        yield
    finally:
        _stay_on(before)


def other_cores(mine: int) -> list[int]:
    """All cores of the machine but one, for work beside a measurement; that one, where there is no other."""
    everything = list(range(os.cpu_count() or 1))
    return [core for core in everything if core != mine] or everything


def _stay_on(chosen: list[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, chosen)


@contextmanager
def no_collector() -> Iterator[None]:
    """Without Python's garbage collector, which would stop a measurement at any moment."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def median_ms(work: Callable[[], object], runs: int, warm: int = 1) -> float:
    """Median milliseconds of `work` over some runs, after some that are not counted."""
    for _ in range(warm):
        work()
    found = []
    with no_collector():
        for _ in range(runs):
            began = time.perf_counter()
            work()
            found.append(time.perf_counter() - began)
    return statistics.median(found) * 1e3


def copy_rate(size: int) -> float:
    """Bytes a second read plus written while copying `size` bytes again and again."""
    source = np.ones(size // 8)
    target = np.empty_like(source)
    times = max(1, 64_000_000 // size)

    def work() -> None:
        for _ in range(times):
            np.copyto(target, source)

    return 2 * source.nbytes * times / (median_ms(work, 7) / 1e3)


def description() -> str:
    """Processor, cores and memory in a line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        memory = f", {total / 2**30:.0f} GiB"
    return f"{model}, {os.cpu_count()} cores{memory}, {platform.system()}, Python {platform.python_version()}"


def busy() -> float | None:
    """How many processes wanted a core over the last minute, this one included; None where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
