"""The demo as a whole: seconds until ready and until the first signal, processor share and memory of all processes.

It starts `screener up` on free ports with an empty data folder, and stops it by its process id.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from app.processes import free_port
from benchmarks.rows import Row

SAMPLE_SECONDS = 60.0
LIMIT_SECONDS = 240.0


def _get(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def _until(url: str, wanted: str, begin: float) -> float:
    while time.monotonic() - begin < LIMIT_SECONDS:
        answer = _get(url)
        if answer and answer.get(wanted):
            return time.monotonic() - begin
        time.sleep(0.1)
    raise TimeoutError(f"{url} gave no {wanted} within {LIMIT_SECONDS:.0f} s")


def _usage(root: psutil.Process) -> tuple[float, float]:
    """Processor seconds and resident MiB (shared pages counted once, where the system tells) of all processes."""
    seconds = memory = 0.0
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
            full = process.memory_full_info()
        except psutil.Error:
            continue
        seconds += times.user + times.system
        memory += getattr(full, "pss", full.rss) / 2**20
    return seconds, memory


def run(wanted: str = "demo") -> Iterator[Row]:
    """Rows whose peer is the limit that the demo keeps to. All are measured in one run; those named come out."""
    api = free_port()
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "SCREENER_API_PORT": str(api),
            "SCREENER_UI_PORT": str(free_port()),
            "SCREENER_SIM_PORT": str(free_port()),
        }
        begin = time.monotonic()
        with Path(folder, "up.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "app", "up", "--data-dir", f"{folder}/data"],
                env=env,
                stdout=out,
                stderr=out,
            )
        try:
            ready = _until(f"http://127.0.0.1:{api}/ready", "status", begin)
            first = _until(f"http://127.0.0.1:{api}/api/v1/signals?limit=1", "items", begin)
            root = psutil.Process(process.pid)
            before, _ = _usage(root)
            time.sleep(SAMPLE_SECONDS)
            after, memory = _usage(root)
            status = _get(f"http://127.0.0.1:{api}/api/v1/status") or {}
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
    cores = (after - before) / SAMPLE_SECONDS
    rows = [
        Row("demo.ready", ready, "s", 20.0),
        Row("demo.first_signal", first, "s", 80.0),
        Row("demo.processor", cores, "cores", 1.0),
        Row("demo.memory", memory, "MiB", 1536.0),
    ]
    if status.get("last_run_ms") is not None:
        rows.append(Row("demo.step", float(status["last_run_ms"]), "ms"))
    yield from (row for row in rows if wanted in ("demo", row.name))
