"""A simulated day with a model that answers well, badly and maliciously by turns, and a worker that is killed.

The short one is over when every way of answering had its turn, and takes minutes: SCREENER_LONG_TESTS=1 runs it. A
whole day is run by hand (`python -m tests.fixtures.analysed_day`).
"""

from __future__ import annotations

import os

import pytest

from tests.fixtures.analysed_day import Day, Options, Report, folder
from tests.fixtures.scripted_analyst import DECISIONS

UNSOUND = {way.name for way in DECISIONS if not way.sound}


async def lived(options: Options) -> Report:
    async with folder() as place:
        report = await Day(options, place).run()
    assert report.audit.faults == []
    assert report.tracebacks == []
    assert report.unread == []
    counts = report.audit.counts
    assert counts["entered"] and counts["refused"]
    assert not counts["entered"].keys() & UNSOUND
    assert counts["analyses"] == counts["requests"] > 20
    assert counts["costs"]["paid as told"] > 20
    assert counts["views"]["signals"] == counts["signals"]
    assert counts["orders"]["entry filled"] > 0
    return report


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    os.environ.get("SCREENER_LONG_TESTS") != "1", reason="takes minutes of real time; set SCREENER_LONG_TESTS=1"
)
async def test_a_simulated_hour() -> None:
    # Over when there was enough of everything; the hours only bound it.
    options = Options(hours=3, speed=30, symbols=20, kills=1, calls=len(DECISIONS) + 15, positions=2)
    report = await lived(options)
    assert len(report.killed) == 1
    asked = {way.removeprefix("decide: ") for way in report.ways}
    assert {way.name for way in DECISIONS} <= asked
