"""A signal that waited is shown as its filter sees it now: conditions and levels are those of the new candle."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from analysis import StrategyBrief, decide, validate
from analysis.decision import Decision
from analysis.snapshot import Snapshot
from app.engines import Engines, Loaded
from app.snapshots import as_of, signal_snapshot
from app.times import at, to_ms
from screener import compile_filter
from screener.engine.replay import History
from store.records import Signal
from tests.fixtures.fake_market import MINUTE, SYMBOLS, FakeMarket

CODE = "match = ta.rsi(close, 14) < 101 and close > 1\nstop = low - 2 * ta.atr(14)\ntarget = high + 4 * ta.atr(14)"
WIDE = "match = rank(close) <= 99 and ta.rsi(close, 14) < 101"
OLD = 28.4321


def fired(market: FakeMarket, symbol: str = "ETHUSDT", interval: str = "1m") -> Signal:
    """A signal on the newest candle, with values of then."""
    close = at(market.newest_close)
    return Signal(
        id=uuid4(),
        owner_id=None,
        reason=None,
        considered_until=None,
        strategy_id=uuid4(),
        strategy_version=1,
        symbol=symbol,
        interval=interval,
        candle_close=close,
        price=Decimal(100),
        side="long",
        indicators={"stop": 1.2345, "target": 999.5},
        conditions=[
            {"name": "c1", "text": "ta.rsi(close, 14) < 30", "left": OLD, "op": "<", "right": 30.0, "value": True}
        ],
        status="wait",
        created_at=close,
        updated_at=close,
    )


def expected(market: FakeMarket, code: str, symbol: str) -> tuple[list[Any], float]:
    """The conditions' left sides, by a replay of the whole market, and the stop."""
    program = compile_filter(code, "1m", SYMBOLS)
    history = History(program, market.panel, "1m", market.newest_close)
    cell = (len(history.times) - 1, SYMBOLS.index(symbol))
    stop = float(history.values(program.stop)[cell]) if program.stop is not None else 0.0
    return [c.left for c in history.conditions([cell])[0]], stop


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("code", [CODE, WIDE])
async def test_conditions_and_levels_are_those_of_the_new_candle(code: str, live: bool) -> None:
    market = FakeMarket(held=120)
    signal = fired(market)
    engines = Engines(market.panel)
    program = compile_filter(code, "1m", SYMBOLS)
    engines.add([Loaded(str(signal.strategy_id), 1, program, "edge", frozenset(), market.newest_close)])
    for _ in range(7):
        market.advance()
        engines.step(market.newest_close, SYMBOLS)
    now = market.newest_close + 20_000
    again = await as_of(market, signal, code, now, engines if live else None)
    left, stop = expected(market, code, "ETHUSDT")
    assert to_ms(again.candle_close) == market.newest_close
    assert [row["left"] for row in again.conditions] == pytest.approx(left)
    assert OLD not in [row["left"] for row in again.conditions]
    if code == CODE:
        assert again.indicators["stop"] == pytest.approx(stop)
        assert again.indicators["target"] != 999.5
    snapshot = await signal_snapshot(market, again, code, None, engines if live else None)
    assert snapshot.candle_close == market.newest_close
    assert [row.left for row in snapshot.conditions] == pytest.approx(left)
    assert snapshot.stop == (pytest.approx(stop) if code == CODE else None)


async def test_the_value_that_made_it_fire_is_no_number_of_the_new_snapshot() -> None:
    market = FakeMarket(held=120)
    signal = fired(market)
    market.advance()
    again = await as_of(market, signal, CODE, market.newest_close)
    snapshot = await signal_snapshot(market, again, CODE)
    said = Decision.model_validate(_entry(snapshot, f"RSI {OLD:.2f} is oversold."))
    final, report = validate(said, snapshot)
    assert final.decision == "bad_setup"
    assert any(f"{OLD:.2f} of rsi" in reason for reason in report.reasons)
    # The rules take the filter's stop of now, too.
    made = await decide(None, snapshot, StrategyBrief("T"))
    assert 1.2345 not in (made.key_levels.stop_loss, snapshot.stop)


@pytest.mark.parametrize(
    "code", ["match = ta.rsi(close", "match = tf('4h').close > 1", "match = close > symbol('NO').close"]
)
async def test_what_cannot_be_evaluated_is_left_out(code: str) -> None:
    market = FakeMarket(held=120)
    signal = fired(market)
    market.advance()
    again = await as_of(market, signal, code, market.newest_close)
    assert OLD not in [row["left"] for row in again.conditions]
    assert all(row["value"] is None for row in again.conditions)
    assert again.indicators == {}


async def test_the_engine_speaks_for_its_own_candle_and_version_alone() -> None:
    market = FakeMarket(held=120)
    engines = Engines(market.panel)
    close = market.newest_close
    engines.add([Loaded("one", 1, compile_filter(CODE, "1m"), "edge", frozenset(), close)])
    market.advance()
    engines.step(market.newest_close, SYMBOLS)
    assert engines.seen("one:1", "ETHUSDT", market.newest_close) is not None
    assert engines.seen("one:2", "ETHUSDT", market.newest_close) is None
    assert engines.seen("one:1", "ETHUSDT", close) is None
    assert engines.seen("one:1", "ETHUSDT", market.newest_close + MINUTE) is None


def _entry(snapshot: Snapshot, reasoning: str) -> dict[str, Any]:
    assert snapshot.atr is not None
    levels = {
        "entry": snapshot.price,
        "stop_loss": snapshot.price - 2 * snapshot.atr,
        "take_profit": [snapshot.price + 6 * snapshot.atr],
    }
    return {"decision": "enter_trade", "confidence": 60, "reasoning": reasoning, "key_levels": levels}
