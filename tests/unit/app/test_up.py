"""`screener up` waits for parts that get on, and gives up on those that do not."""

from __future__ import annotations

import sys
from pathlib import Path

from app.commands.up import READY_SECONDS, Patience
from app.processes import Child

LINE = "2026-01-05 10:00:00,000 {}    worker {}\n"


def worker(log: Path) -> Child:
    """One whose log has a former start in it, and that ended at once."""
    log.write_text(LINE.format("INFO", "app.worker: history: 200 of 200"))
    child = Child("worker", [sys.executable, "-c", ""], {}, log)
    child.start()
    assert child.process is not None and child.process.wait(30) == 0
    return child


def say(child: Child, text: str, level: str = "INFO") -> None:
    with child.log.open("a") as out:
        out.write(LINE.format(level, text))


def test_it_waits_as_long_as_the_worker_gets_on(tmp_path: Path) -> None:
    child = worker(tmp_path / "worker.log")
    patience = Patience(child, 0.0)
    assert (patience.steps(100.0), patience.end) == ([], READY_SECONDS), "what a former start said is no step"
    say(child, "app.worker: history: 20 of 200")
    assert (patience.steps(170.0), patience.end) == (["history: 20 of 200"], 170.0 + READY_SECONDS)
    assert (patience.steps(300.0), patience.end) == ([], 170.0 + READY_SECONDS)
    say(child, "market.backfill: back-fill waits 0 s", "WARNING")
    assert patience.steps(310.0) == [] and patience.end == 170.0 + READY_SECONDS, "a warning gets nobody on"
    say(child, "app.worker: ready: 200 symbols")
    assert patience.steps(320.0) == ["ready: 200 symbols"] and patience.end == 320.0 + READY_SECONDS
    say(child, "app.worker: the next minute")
    assert patience.steps(400.0) == [] and patience.end == 320.0 + READY_SECONDS, "then it is not waited for"


def test_one_that_ends_again_and_again_does_not_get_on(tmp_path: Path) -> None:
    child = worker(tmp_path / "worker.log")
    patience = Patience(child, 0.0)
    child.restarts = 1
    say(child, "app.worker: history: 20 of 200")
    assert (patience.steps(100.0), patience.end) == ([], READY_SECONDS)
