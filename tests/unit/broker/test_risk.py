"""Every risk rule refuses on its own, and together they give all reasons."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from broker.risk import EntryContext, RiskLimits, check
from broker.types import Direction, Quote

D = Decimal
LIMITS = RiskLimits(max_open_positions=3, max_daily_loss=D(60), max_order_notional=D(1000), min_reward_to_risk=D(1))
FINE = EntryContext(
    symbol="ETHUSDT",
    direction=Direction.LONG,
    quote=Quote.of("ETHUSDT", "3000", 1_000_000),
    stop=D("2940"),
    target=D("3120"),
    needed=D(500),
    available=D(5000),
    realised_today=D("-12.40"),
    now_ms=1_001_000,
    occupied=frozenset({"BTCUSDT"}),
    least_stop=D(30),
    reward_to_risk=D("1.7"),
)


def test_a_sound_entry_passes() -> None:
    assert check(FINE, LIMITS) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"occupied": {"ETHUSDT"}},
            "Not sent: ETHUSDT already has an open position. One per symbol is your rule.",
        ),
        ({"occupied": {"A", "B", "C"}}, "Not sent: 3 positions are open, and your limit is 3."),
        (
            {"needed": D("800"), "available": D("20.5")},
            "Not sent: it needs 800.00 USDT, and 20.50 USDT is free.",
        ),
        ({"needed": D("1000.01")}, "Not sent: 1,000.01 USDT is above your largest order, 1,000.00 USDT."),
        (
            {"realised_today": D(-60)},
            "Not sent: today's loss is 60.00 of 60.00 USDT. New entries stop until 00:00 UTC.",
        ),
        ({"kill_switch": True}, "Not sent: the kill switch is on. Nothing new is opened until it is off."),
        ({"entries_paused": True}, "Not sent: entries are paused. Stops and targets keep working."),
        ({"quote": None}, "Not sent: there is no price for ETHUSDT."),
        ({"quote": Quote.of("BTCUSDT", 1, 1_000_000)}, "Not sent: there is no price for ETHUSDT."),
        ({"now_ms": 1_042_000}, "Not sent: the last price of ETHUSDT is 42 s old; the limit is 30 s."),
        (
            {"stop": D(3001)},
            "Not sent: the stop 3001 is not below the price 3000 of ETHUSDT; a long needs it below.",
        ),
        ({"stop": D("NaN")}, "Not sent: the stop of ETHUSDT is not a usable number."),
        ({"target": D(2990)}, "Not sent: the price of ETHUSDT, 3000, has already reached the target 2990."),
        (
            {"stop": D("2970.5")},
            "Not sent: ETHUSDT at 3000 is only 29.5 from its stop 2970.5; less than 30 is noise.",
        ),
        (
            {"reward_to_risk": D("0.998")},
            "Not sent: with ETHUSDT at 3000, reward to risk after fees is 0.99; at least 1 is needed.",
        ),
        (
            {"reward_to_risk": None},
            "Not sent: with ETHUSDT at 3000, reward to risk after fees is 0.00; at least 1 is needed.",
        ),
        ({"needed": D("NaN")}, "Not sent: an amount for ETHUSDT is not a usable number."),
    ],
)
def test_each_rule_refuses_with_its_sentence(changes: dict[str, Any], message: str) -> None:
    assert [r.message for r in check(replace(FINE, **changes), LIMITS)] == [message]


def test_all_reasons_come_together() -> None:
    context = replace(FINE, kill_switch=True, occupied={"ETHUSDT"}, needed=D(9000), now_ms=2_000_000)
    codes = [r.code for r in check(context, LIMITS)]
    assert codes == ["kill_switch", "one_per_symbol", "capital", "order_size", "stale_price"]


def test_no_limit_means_no_refusal() -> None:
    limits = RiskLimits(max_open_positions=None)
    context = replace(FINE, occupied={str(n) for n in range(50)}, realised_today=D(-9999))
    assert check(context, limits) == []


def test_a_short_needs_its_stop_above() -> None:
    short = replace(FINE, direction=Direction.SHORT, stop=D(3060), target=D(2900))
    assert check(short, LIMITS) == []
    assert [r.code for r in check(replace(short, stop=D(3029)), LIMITS)] == ["stop_near"]
    assert [r.code for r in check(replace(short, stop=D(2999)), LIMITS)] == ["stop_side"]


@pytest.mark.parametrize(
    ("execution", "live", "wanted", "lacks"),
    [
        (True, False, False, None),
        (True, True, True, None),
        (False, False, False, "trading"),
        (False, True, True, "trading"),
        (True, False, True, "live trading"),
    ],
)
def test_a_tier_has_trading_and_trading_with_real_money(
    execution: bool, live: bool, wanted: bool, lacks: str | None
) -> None:
    limits = replace(LIMITS, tier="free", execution=execution, live=live)
    told = f"Not sent: your tier, free, has no {lacks}; ask an administrator for another (screener user tier)."
    assert [r.message for r in check(replace(FINE, live=wanted), limits)] == ([told] if lacks else [])
