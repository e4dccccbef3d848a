"""A simulated day with a model that answers well, badly and maliciously by turns, and a worker that is killed.

The short one is over when every way of answering had its turn, and takes minutes: SCREENER_LONG_TESTS=1 runs it. A
whole day is run by hand (`python -m tests.fixtures.analysed_day`).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.fixtures.analysed_day import Day, Options, Report, folder
from tests.fixtures.day_audit import Audit, waits
from tests.fixtures.day_costs import Paid, paid, price
from tests.fixtures.outcome_checker import MINUTE_MS
from tests.fixtures.scripted_analyst import DECISIONS, INPUTS, OUTPUTS, Call

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


def test_a_call_left_without_an_answer_is_not_taken_for_answers() -> None:
    """A hung decision on a position is settled at a sum that six answers might have cost together."""
    calls = [
        Call(f"c{n}", "manage", way, True, "BTCUSDT", (INPUTS + n, OUTPUTS), way == "good")
        for n, way in enumerate(["good", "hangs", "good", "good"])
    ]
    now = datetime.now(UTC)
    told = [{"amount": price(call.tokens), "settled_at": now} for call in (calls[0], calls[2])]
    hung = {"amount": Decimal("0.006924"), "settled_at": now}
    killed = {"amount": Decimal("0.007233"), "settled_at": None}
    refused = {"amount": Decimal(0), "settled_at": now}
    assert paid([*told, hung, killed, refused], calls) == Paid(2, 1, 1, ())
    # Twice for one answer, and once for one that nobody gave.
    wrong = (price(calls[0].tokens), price(calls[1].tokens))
    more = [{"amount": amount, "settled_at": now} for amount in wrong]
    assert paid([*told, *more], calls) == Paid(2, 0, 0, wrong)


@pytest.mark.parametrize(("after", "faults"), [(0, 0), (1, 0), (4, 1)])
def test_a_wait_that_no_close_followed_is_nobodys_fault(after: int, faults: int) -> None:
    """It said `wait` at 12:06, on candles of five minutes."""
    said = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)
    signal = {"id": "s", "status": "wait", "watch": None, "interval": "5m", "candle_close": said - timedelta(minutes=6)}
    analysis = {"signal_id": "s", "kind": "signal", "decided_at": said}
    found = Audit()
    waits(found, [signal], [analysis], [], {}, round(said.timestamp() * 1000) + after * MINUTE_MS)
    assert len(found.faults) == faults
