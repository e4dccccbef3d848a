"""A fresh process that fills an engine from files: what it takes to start, and how much memory it holds then.

`python -m benchmarks.child start|memory FOLDER STRATEGIES SYMBOLS` prints one JSON object. FOLDER holds
`INTERVAL.FIELD.npy`, which are mapped, so that they do not count as memory of the process; the last minute is what is
stepped. It stands outside `benchmarks.engine`, which would import more than a screener needs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

_BEGAN = time.perf_counter()


def main() -> None:
    """Fill, step once, report."""
    what, folder, count, symbols = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

    import numpy as np

    from benchmarks.distribution import INTERVALS, strategies
    from benchmarks.synthetic import FIELDS, LENGTH, MARKET_START
    from screener import compile_filter
    from screener.engine.engine import Addition, Engine
    from screener.engine.panel import Panel

    imported = time.perf_counter()
    before = _private_mib()
    programs = [compile_filter(text, base) for base, text in strategies(count, 7)]
    compiled = time.perf_counter()
    panel = Panel([f"S{i:04d}USDT" for i in range(symbols)], 1500)
    for interval in INTERVALS:
        opens = np.load(folder / f"{interval}.opens.npy", mmap_mode="r")
        fields = {name: np.load(folder / f"{interval}.{name}.npy", mmap_mode="r") for name in FIELDS}
        held = slice(0, len(opens) - (interval == "1m"))
        panel.put(interval, slice(None), opens[held], {name: values[held] for name, values in fields.items()})
    loaded = time.perf_counter()
    candles = _private_mib()
    engine = Engine(panel)
    engine.add_many([Addition(str(i), p) for i, p in enumerate(programs)])
    filled = time.perf_counter()
    panel.append("1m", MARKET_START, {name: np.load(folder / f"1m.{name}.npy", mmap_mode="r")[-1] for name in FIELDS})
    edges = engine.step(MARKET_START + LENGTH["1m"]).edge.count
    stepped = time.perf_counter()
    report: dict[str, float | None] = {"edges": edges}
    if what == "memory":
        after = _private_mib()
        report = {
            "private_mib": after,
            "growth_mib": after - before,
            "candles_mib": candles - before,
            "state_mib": engine.bytes_used / 2**20,
            "peak_mib": _status("VmHWM"),
        }
    else:
        report |= {
            "import_s": imported - _BEGAN,
            "compile_s": compiled - imported,
            "load_s": loaded - compiled,
            "fill_s": filled - loaded,
            "step_s": stepped - filled,
        }
    print(json.dumps(report), flush=True)


def _private_mib() -> float:
    """Memory of this process that is in use and not a mapped file, MiB."""
    return _status("RssAnon") or _status("VmRSS")


def _status(name: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rows = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return float(rows.get(name, "0 kB").split()[0]) / 1024


if __name__ == "__main__":
    main()
