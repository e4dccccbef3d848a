"""The ledger over a database: every signal's plans, once each, through kills, holes and symbols that leave."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

import app.outcomes
from analysis.outcomes import PAST_STOP, PAST_TARGET
from app.outcome_plans import risk_of
from app.outcome_views import summarise
from app.outcomes import Ledger
from app.times import at
from store import analyses, outcomes, positions, signals, strategies
from store.errors import DatabaseUnavailable
from store.outcomes import Outcome
from store.records import NewAnalysis, SignalStatus, Strategy
from store.session import Database
from tests.fixtures.fake_market import MINUTE, START, SYMBOLS, FakeMarket
from tests.integration.store.factories import position, signal, strategy


class Market(FakeMarket):
    """The small market, whose symbols may leave."""

    def why(self, name: str) -> str:
        return "the exchange lists it no more"


@pytest.fixture
def market() -> Market:
    return Market()


def newest(market: FakeMarket) -> int:
    return START + market.held * MINUTE


async def a_strategy(database: Database, **changes: Any) -> Strategy:
    async with database.worker() as conn:
        values = {"base_interval": "1m", "risk": {"stop_atr": 1.0, "target_atr": 2.0, "max_hold_candles": 30}}
        return await strategies.upsert_built_in(conn, strategy(**{**values, **changes}))


async def fire(database: Database, market: FakeMarket, of: Strategy, symbol: str = "ETHUSDT", **changes: Any) -> UUID:
    """A signal on the newest minute."""
    column, end = SYMBOLS.index(symbol), market.held
    rows = [
        [
            int(market.opens[i]),
            *(float(market.fields[f][i, column]) for f in ("open", "high", "low", "close", "volume")),
        ]
        for i in range(max(0, end - 40), end)
    ]
    values = {"price": Decimal(repr(rows[-1][4])), "candles": rows, **changes}
    async with database.worker() as conn:
        found = await signals.insert(conn, signal(of, symbol, at(newest(market)), **values))
    assert found is not None
    return found


async def decided(
    database: Database, market: FakeMarket, signal_id: UUID, to: SignalStatus, levels: dict[str, Any], **changes: Any
) -> UUID:
    words = {"enter": "enter_trade", "rejected": "bad_setup", "wait": "wait"}
    async with database.worker() as conn:
        stored = await analyses.insert(
            conn,
            NewAnalysis(
                decision=words[to],
                confidence=70,
                model="m",
                prompt_version="p 1",
                signal_id=signal_id,
                key_levels=levels,
                decided_at=at(newest(market) + 5_000),
                **changes,
            ),
        )
        await signals.claim_one(conn, signal_id)
        await signals.transition(conn, signal_id, to)
    return stored.id


async def run(ledger: Ledger, market: FakeMarket, minutes: int) -> int:
    ended = 0
    for _ in range(minutes):
        market.advance()
        ended += await ledger.on_minute(newest(market))
    return ended


async def plans_of(database: Database, signal_id: UUID) -> dict[str, Outcome]:
    async with database.worker() as conn:
        return {o.plan: o for o in await outcomes.of_signal(conn, signal_id)}


def walked(market: FakeMarket, outcome: Outcome, symbol: str = "ETHUSDT") -> tuple[str, int]:
    """The state and close of a long plan, found candle by candle."""
    column = SYMBOLS.index(symbol)
    assert outcome.stop is not None
    first = (int(outcome.opened_at.timestamp() * 1000) - START) // MINUTE
    for i in range(first, len(market.opens)):
        closed = int(market.opens[i]) + MINUTE
        if market.fields["low"][i, column] <= float(outcome.stop):
            return "stop", closed
        if market.fields["high"][i, column] >= float(outcome.targets[0]):
            return "target", closed
        if at(closed) >= outcome.until:
            return "timeout", closed
    raise AssertionError("the plan does not end on these candles")


def opening(market: FakeMarket, outcome: Outcome, symbol: str = "ETHUSDT") -> float:
    """Where the first minute of a plan opens."""
    row = (int(outcome.opened_at.timestamp() * 1000) - START) // MINUTE
    return float(market.fields["open"][row, SYMBOLS.index(symbol)])


def r_of(outcome: Outcome) -> float:
    """R of a long plan that ended: from where it was entered, over what it risked when it was made; fees of 10 bps."""
    assert outcome.close_price and outcome.filled and outcome.entry and outcome.stop
    bought, sold = float(outcome.filled), float(outcome.close_price)
    return (sold - bought - 0.001 * (sold + bought)) / float(outcome.entry - outcome.stop)


async def test_every_signal_is_followed_traded_or_not(database: Database, market: Market) -> None:
    of = await a_strategy(database)
    ledger = Ledger(database, market)
    entered = await fire(database, market, of)
    refused = await fire(database, market, of, "SOLUSDT")
    silent = await fire(database, market, of, "ADAUSDT")
    price = float(market.fields["close"][market.held - 1, 1])
    await ledger.on_minute(newest(market))
    analysis = await decided(
        database, market, entered, "enter", {"entry": price, "stop_loss": price * 0.99, "take_profit": [price * 1.02]}
    )
    await decided(database, market, refused, "rejected", {"entry": None, "stop_loss": None, "take_profit": []})
    await run(ledger, market, 40)
    found = await plans_of(database, entered)
    assert set(found) == {"model", "bare"} and found["model"].analysis_id == analysis
    assert set(await plans_of(database, refused)) == set(await plans_of(database, silent)) == {"bare"}
    bare, model = found["bare"], found["model"]
    # The decision stood five seconds into a minute, so the next one is the first that counts.
    assert bare.opened_at == at(START + 120 * MINUTE) and model.opened_at == at(START + 121 * MINUTE)
    for outcome in (bare, model):
        assert outcome.closed_at is not None
        assert (outcome.state, at(walked(market, outcome)[1])) == (walked(market, outcome)[0], outcome.closed_at)
        assert outcome.result_r is not None and outcome.mfe_r is not None and outcome.mae_r is not None
        assert outcome.mae_r <= 0 <= outcome.mfe_r and outcome.last_candle == outcome.closed_at
        assert outcome.filled == Decimal(repr(opening(market, outcome)))
        assert outcome.result_r == pytest.approx(r_of(outcome))
    assert len(ledger) == 0


async def test_a_plan_of_the_analysis_waits_until_the_signal_is_decided(database: Database, market: Market) -> None:
    of = await a_strategy(database)
    ledger = Ledger(database, market)
    waiting = await fire(database, market, of)
    levels = {"entry": 100.0, "stop_loss": 50.0, "take_profit": [500.0]}
    await decided(database, market, waiting, "wait", levels)
    await run(ledger, market, 3)
    assert set(await plans_of(database, waiting)) == {"bare"}
    async with database.worker() as conn:
        await signals.transition(conn, waiting, "expired")
    await run(ledger, market, 1)
    model = (await plans_of(database, waiting))["model"]
    assert model.opened_at == at(START + 121 * MINUTE) and model.state == "open"


async def test_a_kill_repeats_nothing_and_loses_nothing(
    database: Database, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.outcomes, "SAVE_EVERY_MS", 7 * MINUTE)
    of = await a_strategy(database)
    ids = []
    ledger = Ledger(database, market)
    for step in range(60):
        if step % 4 == 0:
            ids.append((await fire(database, market, of, SYMBOLS[step % 6]), SYMBOLS[step % 6]))
        if step % 9 == 0:
            # The life ends here, sometimes with minutes nobody saw.
            ledger = Ledger(database, market)
            if step == 27:
                for _ in range(5):
                    market.advance()
        await run(ledger, market, 1)
    await run(Ledger(database, market), market, 35)
    for signal_id, symbol in ids:
        bare = (await plans_of(database, signal_id))["bare"]
        state, closed = walked(market, bare, symbol)
        assert (bare.state, bare.closed_at) == (state, at(closed))
        risk = abs(float(bare.entry or 0) - float(bare.stop or 0))
        first = (int(bare.opened_at.timestamp() * 1000) - START) // MINUTE
        lows = market.fields["low"][first : (closed - START) // MINUTE, SYMBOLS.index(symbol)]
        worst = float(bare.close_price or 0) if state == "stop" else float(lows.min())
        assert bare.mae_r == pytest.approx(min(0.0, (worst - opening(market, bare, symbol)) / risk))
        assert bare.result_r == pytest.approx(r_of(bare)) and bare.filled == Decimal(
            repr(opening(market, bare, symbol))
        )


async def test_what_cannot_be_written_is_written_later(
    database: Database, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = await a_strategy(database, risk={"stop_atr": 0.01, "target_atr": 0.01, "max_hold_candles": 5})
    signal_id = await fire(database, market, of)
    ledger = Ledger(database, market)

    async def away(*_: object) -> int:
        raise DatabaseUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "save_many", away)
        market.advance()
        with pytest.raises(DatabaseUnavailable):
            await ledger.on_minute(newest(market))
    assert (await plans_of(database, signal_id))["bare"].state == "open"
    assert await ledger.on_minute(newest(market)) == 1
    assert (await plans_of(database, signal_id))["bare"].state in ("stop", "target")


async def test_a_symbol_that_left_ends_its_plans_with_the_reason(
    database: Database, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.outcomes, "LEFT_MS", 20 * MINUTE)
    of = await a_strategy(database, risk={"stop_atr": 20, "target_atr": 50, "max_hold_candles": 300})
    signal_id = await fire(database, market, of, "XRPUSDT")
    other = await fire(database, market, of, "BTCUSDT")
    ledger = Ledger(database, market)
    await run(ledger, market, 2)
    market.panel.clear("XRPUSDT")
    del market.infos["XRPUSDT"]
    market.fields = {name: values.copy() for name, values in market.fields.items()}
    for values in market.fields.values():
        values[market.held :, SYMBOLS.index("XRPUSDT")] = np.nan
    await run(ledger, market, 15)
    assert (await plans_of(database, signal_id))["bare"].state == "open"
    await run(ledger, market, 10)
    ended = (await plans_of(database, signal_id))["bare"]
    assert ended.state == "invalid" and ended.result_r is None
    assert ended.reason == "XRPUSDT is no longer screened: the exchange lists it no more"
    assert (await plans_of(database, other))["bare"].state == "open"


@pytest.mark.parametrize("longer", ["15m", None])
async def test_minutes_no_longer_held_are_followed_on_longer_candles(database: Database, longer: str | None) -> None:
    market = Market(held=127, capacity=60)
    if longer:
        market.panel.ensure(longer, 100)
    of = await a_strategy(database, risk={"stop_atr": 4, "target_atr": 5, "max_hold_candles": 220})
    signal_id = await fire(database, market, of)
    await run(Ledger(database, market), market, 9)
    for _ in range(240):
        market.advance()
    await Ledger(database, market).on_minute(newest(market))
    bare = (await plans_of(database, signal_id))["bare"]
    if longer is None:
        assert bare.state == "invalid" and bare.result_r is None
        assert bare.reason == "its candles from 2026-01-05 10:07 on were not held when the worker came back"
        return
    state, closed = walked(market, bare)
    assert bare.closed_at is not None and bare.state == state
    # Within the quarter of an hour in which it was: longer candles tell no more.
    assert at(closed) <= bare.closed_at < at(closed + 15 * MINUTE)


async def test_plans_that_cannot_be_made_say_why(database: Database, market: Market) -> None:
    of = await a_strategy(database)
    few = await fire(database, market, of, candles=[])
    wrong = await fire(database, market, of, "SOLUSDT")
    await decided(database, market, wrong, "rejected", {"entry": 100.0, "stop_loss": 101.0, "take_profit": [103.0]})
    await Ledger(database, market).on_minute(newest(market))
    assert (await plans_of(database, few))["bare"].reason == "it came with too few candles for an ATR"
    model = (await plans_of(database, wrong))["model"]
    assert (model.state, model.reason) == ("invalid", "the stop is on the wrong side of the entry")


@pytest.mark.parametrize(("stop", "target", "reason"), [(1.001, 1.05, PAST_STOP), (0.95, 0.999, PAST_TARGET)])
async def test_a_decision_that_came_too_late_for_its_plan_is_no_result(
    database: Database, market: Market, stop: float, target: float, reason: str
) -> None:
    """The price had left the plan while it was thought about: it is neither won nor lost, and counted openly."""
    of = await a_strategy(database)
    signal_id = await fire(database, market, of)
    # What the market opens at next, on the levels' other side.
    price = float(market.fields["open"][market.held + 1, SYMBOLS.index("ETHUSDT")])
    levels = {
        "entry": price * (stop + target) / 2, "stop_loss": price * stop, "take_profit": [price * target],
    }  # fmt: skip
    await decided(database, market, signal_id, "enter", levels)
    await run(Ledger(database, market), market, 3)
    model = (await plans_of(database, signal_id))["model"]
    assert (model.state, model.reason, model.result_r, model.filled) == ("invalid", reason, None, None)
    async with database.worker() as conn:
        [row] = await outcomes.followed(conn)
    found = summarise([row])
    assert (found.invalid, found.late, found.all.entered, found.all.ended, found.lift.signals) == (1, 1, 1, 0, 0)


def test_risk_that_is_none_is_the_default() -> None:
    assert risk_of({"stop_atr": 2, "unknown": 1}).stop_atr == 2
    assert risk_of({"stop_atr": -1}) == risk_of({})


async def test_two_ledgers_settle_once(database: Database, market: Market) -> None:
    of = await a_strategy(database)
    signal_id = await fire(database, market, of)
    first, second = Ledger(database, market), Ledger(database, market)
    await first.on_minute(newest(market))
    for _ in range(35):
        market.advance()
        await second.on_minute(newest(market))
    await first.on_minute(newest(market))
    bare = (await plans_of(database, signal_id))["bare"]
    assert (bare.state, bare.closed_at) == (walked(market, bare)[0], at(walked(market, bare)[1]))


async def test_outcomes_are_seen_by_whom_their_signals_are(
    database: Database, market: Market, admin_dsn: str, new_user: UUID, other_user: UUID
) -> None:
    async with database.user(new_user) as conn:
        own = await strategies.create(conn, strategy(new_user, base_interval="1m"))
    private, shared = await fire(database, market, own), await fire(database, market, await a_strategy(database))
    await Ledger(database, market).on_minute(newest(market))
    async with database.worker() as conn:
        opened = await positions.open_position(conn, position(new_user, signal_id=private))
        assert opened is not None
    async with database.user(new_user) as conn:
        assert len(await outcomes.of_signal(conn, private)) == len(await outcomes.of_signal(conn, shared)) == 1
        assert {row.signal_id for row in await outcomes.followed(conn)} == {private, shared}
        [trade] = await outcomes.trades_of(conn, private)
        assert trade.id == opened.id and trade.risked == Decimal(10)
    for session in (database.user(other_user), database.anonymous()):
        async with session as conn:
            assert await outcomes.of_signal(conn, private) == []
            assert [row.signal_id for row in await outcomes.followed(conn)] == [shared]
    async with database.user(other_user) as conn:
        assert await outcomes.trades_of(conn, private) == []
    with psycopg.connect(admin_dsn) as connection:
        for role in ("anon", "authenticated"):
            for verb in ("insert", "update", "delete"):
                row = connection.execute(
                    "select has_table_privilege(%s, 'public.outcomes', %s)", (role, verb)
                ).fetchone()
                assert row == (False,)


async def test_insert_says_what_was_new(database: Database, market: Market) -> None:
    signal_id = await fire(database, market, await a_strategy(database))
    new = outcomes.NewOutcome(
        signal_id=signal_id, plan="bare", symbol="ETHUSDT", interval="1m", side="long", opened_at=at(START),
        until=at(START + MINUTE), last_candle=at(START), entry=Decimal("1.5"), stop=Decimal(1), targets=[Decimal(2)],
    )  # fmt: skip
    async with database.worker() as conn:
        assert await outcomes.insert_many(conn, [new]) == [(signal_id, "bare")]
        assert await outcomes.insert_many(conn, [new]) == []
        [kept] = await outcomes.of_signal(conn, signal_id)
        assert (kept.entry, kept.targets, kept.until) == (Decimal("1.5"), [Decimal(2)], at(START + MINUTE))
        done = outcomes.Progress(
            signal_id=signal_id,
            plan="bare",
            state="target",
            last_candle=at(START + MINUTE),
            mfe_r=1,
            mae_r=0,
            result_r=1,
        )
        other = done.model_copy(update={"signal_id": uuid4()})
        assert await outcomes.save_many(conn, [done, other]) == 1
        assert await outcomes.save_many(conn, [done.model_copy(update={"state": "stop"})]) == 0
        assert [o.state for o in await outcomes.of_signal(conn, signal_id)] == ["target"]
