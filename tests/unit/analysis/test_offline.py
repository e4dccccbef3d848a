"""The offline analyst: what it proposes passes the checks, and it says why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from analysis.grounding import validate
from analysis.offline import FORMING, analyse_offline
from analysis.settings import Style
from analysis.snapshot import build_snapshot
from analysis.snapshot_parts import MarketContext
from screener import compile_filter

from .conftest import make_candles, make_snapshot
from .digits import MARKETS, market


@pytest.mark.parametrize("direction", ["long", "short"])
def test_its_decisions_pass_every_check_unchanged(direction: str) -> None:
    for seed in range(60):
        snapshot = make_snapshot(seed, direction)
        proposed = analyse_offline(snapshot)
        final, report = validate(proposed, snapshot)
        assert [c.message for c in report.checks if c.status != "ok"] == []
        assert final.decision == proposed.decision
        assert final.key_levels.stop_loss == proposed.key_levels.stop_loss
        assert final.key_levels.take_profit == proposed.key_levels.take_profit
        if final.decision == "enter_trade":
            assert report.risk_reward is not None
            assert report.risk_reward >= 1.49
            assert report.stop_atr is not None
            assert report.stop_atr >= 1


def test_it_enters_most_signals_and_not_all() -> None:
    choices = Counter(
        analyse_offline(make_snapshot(seed, direction)).decision
        for seed in range(60)
        for direction in ("long", "short")
    )
    assert choices["enter_trade"] > 60
    assert choices["wait"] + choices["bad_setup"] > 5


def test_the_same_snapshot_gives_the_same_decision() -> None:
    assert analyse_offline(make_snapshot(4)) == analyse_offline(make_snapshot(4))


def test_it_says_why() -> None:
    snapshot = make_snapshot(2, drift=0.002)
    decision = analyse_offline(snapshot)
    assert snapshot.trend == "up"
    assert "the trend is up" in decision.reasoning
    assert "reward to risk" in decision.reasoning
    assert "rsi(close, 14) < 30" in decision.trade_plan.setup


@pytest.mark.parametrize(("direction", "sign"), [("long", 1), ("short", -1)])
def test_the_filters_own_levels_are_the_plan(direction: str, sign: int) -> None:
    entered = 0
    for seed in range(20):
        plain = make_snapshot(seed, direction)
        assert plain.atr is not None
        stop, target = plain.price - sign * 2.5 * plain.atr, plain.price + sign * 6 * plain.atr
        snapshot = make_snapshot(seed, direction, levels_set={"stop": stop, "target": target})
        decision = analyse_offline(snapshot)
        final, report = validate(decision, snapshot)
        assert [c.message for c in report.checks if c.status != "ok"] == []
        assert final.key_levels.stop_loss == pytest.approx(stop, abs=0.011)
        assert list(final.key_levels.take_profit) == pytest.approx([target], abs=0.011)
        entered += decision.decision == "enter_trade"
        assert "the stop is the filter's own" in decision.reasoning
    assert entered > 5


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ({"stop": 1.02}, "The filter's stop"),
        ({"stop": 0.98, "target": 0.99}, "The filter's target"),
        ({"stop": 0.9, "target": 1.001}, "does not pay 1 times the risk"),
    ],
)
def test_levels_of_the_filter_that_are_no_trade(levels: dict[str, float], says: str) -> None:
    price = make_snapshot(3).price
    snapshot = make_snapshot(3, levels_set={name: price * share for name, share in levels.items()})
    decision = analyse_offline(snapshot)
    assert decision.decision == "bad_setup"
    assert says in decision.reasoning


def test_too_few_candles_and_a_market_that_stands_still_are_no_trade() -> None:
    few = build_snapshot("ETHUSDT", "15m", "long", make_candles(count=10))
    assert analyse_offline(few).decision == "bad_setup"
    assert "10 candles are too few" in analyse_offline(few).reasoning
    still = [replace(c, open=5.0, high=5.0, low=5.0, close=5.0) for c in make_candles()]
    assert analyse_offline(build_snapshot("ETHUSDT", "15m", "long", still)).decision == "bad_setup"


def test_fees_beyond_reach_are_named() -> None:
    # Nearly still: the average range is a hundredth of the fees.
    quiet = [
        replace(c, open=5.0, high=5.0001, low=5.0, close=5.0001 if i % 2 else 5.0) for i, c in enumerate(make_candles())
    ]
    snapshot = build_snapshot("ETHUSDT", "15m", "long", quiet, tick_size=Decimal("0.0001"))
    decision = analyse_offline(snapshot)
    assert decision.decision == "bad_setup"
    assert "after fees" in decision.reasoning


@pytest.mark.parametrize("levels", [{}, {"stop": 1e9}])
def test_it_says_that_the_candle_was_forming(levels: dict[str, float]) -> None:
    plain, forming = (make_snapshot(levels_set=levels, forming=f) for f in (False, True))
    assert plain.digest != forming.digest
    assert FORMING not in analyse_offline(plain).reasoning
    assert FORMING in analyse_offline(forming).reasoning
    assert analyse_offline(forming).decision == analyse_offline(plain).decision


@pytest.mark.parametrize("direction", ["long", "short"])
@pytest.mark.parametrize(("price", "tick"), MARKETS)
def test_it_cites_nothing_unknown_whatever_the_price(price: float, tick: str, direction: str) -> None:
    for seed in range(3):
        snapshot = market(seed, direction, price, tick)
        final, report = validate(analyse_offline(snapshot), snapshot)
        assert [c.message for c in report.checks if c.status != "ok"] == []
        assert (final.trade_plan.invalidation_code is None) == (final.key_levels.stop_loss is None)


def test_a_wait_says_in_code_what_it_waits_for() -> None:
    waits = 0
    for seed in range(40):
        for direction in ("long", "short"):
            snapshot = make_snapshot(seed, direction, drift=0.0)
            final, _ = validate(analyse_offline(snapshot), snapshot)
            if final.decision != "wait":
                continue
            waits += 1
            trigger, invalidation = final.trade_plan.trigger_code, final.trade_plan.invalidation_code
            assert trigger is not None
            assert invalidation is not None
            assert compile_filter(trigger, "15m").hash != compile_filter(invalidation, "15m").hash
    assert waits > 5


def test_the_rest_of_the_market_counts() -> None:
    snapshot = make_snapshot(2, drift=0.002)
    falling = MarketContext(
        leader="BTCUSDT", leader_trend="down", breadth=12.5, breadth_of=40, volatility="high", volatility_rank=91.0
    )
    against = snapshot.model_copy(update={"context": falling})
    decision = analyse_offline(against)
    for words in ("the leader's trend is down", "breadth is 12.5%", "volatility rank 91.0 is high"):
        assert words in decision.reasoning
    assert validate(decision, against)[1].reasons == ()
    assert decision.confidence != analyse_offline(snapshot).confidence


def test_the_style_moves_how_readily_it_enters() -> None:
    styles: tuple[Style, ...] = ("careful", "balanced", "bold")
    entered = Counter(
        style
        for seed in range(25)
        for style in styles
        if analyse_offline(make_snapshot(seed), style=style).decision == "enter_trade"
    )
    assert entered["careful"] < entered["balanced"] <= entered["bold"]
