"""Each kind of fault, and a feed that survives it: at the end the panel equals the truth, and every minute's coverage
is accounted for. All runs go on at the same time, each with an exchange and a feed of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest

from app.soak import unaccounted
from market.binance import streams
from market.binance.rest import Venue
from simexchange.faults.script import KINDS
from tests.integration.market.fault_runs import Faults, Outcome, run_all

# Ten seconds on a quiet machine.
pytestmark = pytest.mark.timeout(300)
Check = Callable[[Outcome], bool]


def reconnected(outcome: Outcome) -> bool:
    return int(outcome.report["reconnects"]) > 0


def corrected(outcome: Outcome) -> bool:
    """Whether a candle came again with other values, before or after its minute was closed; on a busy machine the
    connection may have been opened anew instead.
    """
    corrections = outcome.report["corrections"]
    return bool(corrections["corrected"] or corrections["duplicates"]) or reconnected(outcome)


def repeated(outcome: Outcome) -> bool:
    return int(outcome.report["streams"]["duplicates"]) > 0


def unreadable(outcome: Outcome) -> bool:
    return any(one["unreadable"] for one in outcome.report["streams"]["connections"])


def jumped(outcome: Outcome) -> bool:
    return int(outcome.report["streams"]["clock"]["jumps"]) >= 2


def waited(outcome: Outcome) -> bool:
    """Whether a minute was closed long after its end, or without a symbol that came later."""
    return any(one.seconds_after_close > 45 or one.late or one.stale or one.missing for one in outcome.kept)


# What goes wrong, and by what the feed shows that it saw it. REST is needed because candles were not streamed.
RUNS: dict[str, tuple[Faults, Check]] = {
    "drop": ([{"kind": "drop", "at": 30}], reconnected),
    "drop and refuse": ([{"kind": "drop", "at": 30, "for": 120}], reconnected),
    "stall": ([{"kind": "stall", "for": 600, "target": "*@kline_1m"}], reconnected),
    "half_open": ([{"kind": "half_open", "for": 420}], reconnected),
    "duplicate": ([{"kind": "duplicate", "for": 180}], repeated),
    "reorder": ([{"kind": "reorder", "for": 180, "target": "*@kline_1m", "probability": 0.5}], waited),
    "late_close": ([{"kind": "late_close", "for": 150, "late": 90, "symbols": ["ETHUSDT"]}], waited),
    "late_close until a trade": ([{"kind": "late_close", "for": 150, "late": "trade"}], waited),
    "wrong_candle corrected": ([{"kind": "wrong_candle", "for": 120, "correct_after": 90}], corrected),
    "wrong_candle in REST too": ([{"kind": "wrong_candle", "for": 120, "correct_after": 90, "rest": True}], corrected),
    "wrong_candle never corrected": ([{"kind": "wrong_candle", "for": 120, "corrected": False}], corrected),
    "wrong_candle right in REST later": (
        [{"kind": "wrong_candle", "for": 120, "correct_after": 60, "rest": True, "corrected": False}],
        corrected,
    ),
    "rate_limit": ([{"kind": "drop", "for": 90}, {"kind": "rate_limit", "for": 150}], waited),
    "ban": ([{"kind": "drop", "for": 90}, {"kind": "ban", "for": 180}], waited),
    "server_error": (
        [{"kind": "drop", "for": 90}, {"kind": "server_error", "for": 180, "status": 502, "probability": 0.8}],
        waited,
    ),
    "timeout_after_accept": (
        [
            {"kind": "drop", "for": 90},
            {"kind": "timeout_after_accept", "for": 90, "hang": 30},
            {"kind": "timeout_after_accept", "at": 90, "for": 120, "answer": "-1007"},
            {"kind": "drop", "at": 90, "for": 60},
        ],
        waited,
    ),
    "clock_skew ahead": ([{"kind": "clock_skew", "for": 180, "seconds": 3600}, {"kind": "drop", "at": 20}], jumped),
    "clock_skew behind": ([{"kind": "clock_skew", "for": 180, "seconds": -3600}, {"kind": "drop", "at": 20}], jumped),
    "restart": ([{"kind": "restart", "at": 30, "for": 180}], reconnected),
    "malformed": ([{"kind": "malformed", "for": 180}], unreadable),
    "malformed beside": ([{"kind": "malformed", "for": 180, "instead": False}], unreadable),
    "malformed answers": (
        [{"kind": "drop", "for": 40}, {"kind": "malformed", "for": 150, "target": "rest"}],
        waited,
    ),
    "usdm wrong_candle": (
        [{"kind": "wrong_candle", "for": 120, "correct_after": 90, "rest": True, "venue": "usdm"}],
        corrected,
    ),
    "usdm refused": (
        [{"kind": "drop", "for": 90, "venue": "usdm"}, {"kind": "ban", "for": 150, "venue": "usdm"}],
        waited,
    ),
}


def test_every_kind_is_tried() -> None:
    assert {fault["kind"] for faults, _ in RUNS.values() for fault in faults} == set(KINDS)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[Mapping[str, Outcome | BaseException]]:
    """The runs whose tests were chosen, all at once."""
    chosen = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path and hasattr(item, "callspec")
    ]
    scripts: list[tuple[Faults, Venue, bool]] = [
        (RUNS[name][0], "usdm" if name.startswith("usdm") else "spot", "wrong" in name or "skew" in name)
        for name in chosen
    ]
    with pytest.MonkeyPatch.context() as patch:
        # A minute lasts a second here; silence is noticed as much sooner.
        patch.setattr(streams, "SHORTEST_SILENCE_S", 3.0)
        patch.setattr(streams, "SILENT_MESSAGES", 1.0)
        patch.setattr(streams, "PING_S", 2.0)
        yield dict(zip(chosen, asyncio.run(run_all(scripts)), strict=True))


@pytest.mark.parametrize("name", RUNS)
def test_the_feed_survives(name: str, outcomes: Mapping[str, Outcome | BaseException]) -> None:
    outcome = outcomes[name]
    if isinstance(outcome, BaseException):
        raise outcome
    assert outcome.differences == []
    assert unaccounted(outcome.yielded, outcome.kept, outcome.symbols) == []
    assert all(outcome.fired), outcome.state
    assert RUNS[name][1](outcome), outcome.report
