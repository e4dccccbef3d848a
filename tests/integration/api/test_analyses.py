"""Analyses, waits, positions and costs over HTTP, from rows as the worker stores them: told whole, and to their owner
alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest

from analysis import build_snapshot
from analysis.decision import Decision
from analysis.grounding import validate
from analysis.monitor import Watch
from analysis.snapshot import Snapshot
from api.schemas import AnalysisOut, CostsOut, PositionDetail, SignalDetail, SnapshotOut
from market.types import Candle
from store import analyses, positions, profiles, signals, strategies, watching
from store.records import NewAnalysis
from store.session import Database
from tests.integration.api.calling import assert_problem
from tests.integration.store.factories import CLOSE, position, signal, strategy

STEP = 900_000
ENTRY: dict[str, Any] = {"decision": "enter_trade", "confidence": 71, "reasoning": "A dip that ended."}


def made_snapshot(symbol: str) -> Snapshot:
    """Three hundred candles of a seeded walk that end at the signal's."""
    closes = 100 * np.exp(np.random.default_rng(11).normal(0, 0.004, 300).cumsum())
    first = int(CLOSE.timestamp() * 1000) - 300 * STEP
    candles = [
        Candle(symbol, "15m", first + n * STEP, c, c * 1.003, c * 0.997, c, 50.0 + n % 9, c * 50, 20.0, 25.0, c * 25)
        for n, c in enumerate(closes.tolist())
    ]
    conditions = [{"text": "rsi(close, 14) < 30", "left": 28.4, "right": 30.0, "value": True}]
    return build_snapshot(symbol, "15m", "long", candles, conditions, tick_size=Decimal("0.01"))


class Rows:
    """A strategy of `owner` (None: the one who calls) with a signal that waits, looked at twice."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.symbol = f"{uuid4().hex[:8]}USDT".upper()
        self.snapshot = made_snapshot(self.symbol)
        self.owner = self.strategy_id = self.signal_id = UUID(int=0)

    async def make(self, owner: UUID | None = None) -> Rows:
        async with self.database.worker() as conn:
            self.owner = owner or await profiles.ensure_local_user(conn)
            made = await strategies.create(conn, strategy(self.owner, name=f"S {self.symbol}"))
            self.strategy_id = made.id
            found = await signals.insert(conn, signal(made, self.symbol))
            assert found is not None
            self.signal_id = found
            await signals.claim_one(conn, found)
            await signals.transition(conn, found, "wait")
        return self

    async def analysis(self, **changes: Any) -> UUID:
        answer = Decision.model_validate({**ENTRY, **changes.pop("answer", {})})
        final, report = validate(answer, self.snapshot)
        values: dict[str, Any] = {
            "decision": final.decision,
            "confidence": final.confidence,
            "model": "house/standard",
            "signal_id": self.signal_id,
            "reasoning": final.reasoning,
            "trade_plan": final.trade_plan.model_dump(mode="json"),
            "key_levels": final.key_levels.model_dump(mode="json"),
            "grounding": report.model_dump(mode="json"),
            "refusals": list(report.reasons),
            "snapshot": self.snapshot.model_dump(mode="json"),
            "snapshot_hash": self.snapshot.digest,
            "prompt_version": "analysis.decide@3",
            "latency_ms": 800.0,
            "input_tokens": 4000,
            "output_tokens": 300,
            "cost": Decimal("0.0125"),
            "asked": True,
            "decided_at": CLOSE,
        }
        async with self.database.worker() as conn:
            return (await analyses.insert_once(conn, NewAnalysis(**{**values, **changes}))).id


@pytest.fixture
def client(lonely: httpx.AsyncClient) -> httpx.AsyncClient:
    return lonely


@pytest.fixture
async def rows(database: Database) -> Rows:
    return await Rows(database).make()


async def test_an_analysis_is_told_with_every_check_and_what_it_took(client: httpx.AsyncClient, rows: Rows) -> None:
    opinions = [{"model": "a", "decision": "enter_trade", "confidence": 80}, {"model": "b", "decision": "wait"}]
    invented = {"support": [rows.snapshot.price * 0.97123], "stop_loss": rows.snapshot.price * 1.5, "take_profit": []}
    made = await rows.analysis(answer={"key_levels": invented}, opinions=opinions)
    shown = AnalysisOut.model_validate((await client.get(f"/api/v1/analyses/{made}")).json())
    assert shown.decision == "bad_setup"
    assert shown.grounding["proposed"] == "enter_trade"
    failed = [check for check in shown.grounding["checks"] if check["status"] == "failed"]
    assert tuple(check["message"] for check in failed) == shown.refusals
    assert any("not in the snapshot" in reason for reason in shown.refusals)
    assert (shown.input_tokens, shown.output_tokens, shown.cost, shown.latency_ms) == (4000, 300, 0.0125, 800.0)
    assert shown.prompt_version == "analysis.decide@3"
    assert [o["model"] for o in shown.opinions] == ["a", "b"]
    assert shown.snapshot_hash == rows.snapshot.digest


async def test_a_snapshot_is_told_as_the_decision_saw_it(client: httpx.AsyncClient, rows: Rows) -> None:
    made = await rows.analysis()
    shown = SnapshotOut.model_validate((await client.get(f"/api/v1/analyses/{made}/snapshot")).json())
    kept = rows.snapshot
    assert {(row.interval, row.name): row.value for row in shown.table} == {
        (row.interval, row.name): row.value for row in kept.table
    }
    assert len(shown.table) > 20
    assert [level.price for level in shown.reference] == [level.price for level in kept.reference]
    assert [level.source for level in shown.supports] == [level.source for level in kept.supports]
    assert shown.conditions[0].left == 28.4
    assert shown.context is not None
    assert shown.context.volatility == kept.context.volatility
    assert (shown.price, shown.atr, shown.candles) == (kept.price, kept.atr, len(kept.candles))
    assert shown.candle_close == CLOSE
    assert_problem(await client.get(f"/api/v1/analyses/{await rows.analysis(snapshot={})}/snapshot"), 404)


async def test_snapshots_from_before_the_table_are_still_told(client: httpx.AsyncClient, rows: Rows) -> None:
    old = rows.snapshot.model_dump(mode="json")
    for name in ("table", "reference", "context"):
        del old[name]
    old["indicators"] = {"rsi(close, 14)": 28.4}
    made = await rows.analysis(snapshot=old)
    shown = SnapshotOut.model_validate((await client.get(f"/api/v1/analyses/{made}/snapshot")).json())
    assert [(row.interval, row.name, row.value) for row in shown.table] == [("15m", "rsi(close, 14)", 28.4)]
    assert shown.context is None


async def test_a_wait_is_told_with_its_conditions_its_looks_and_its_end(client: httpx.AsyncClient, rows: Rows) -> None:
    first = await rows.analysis(answer={"decision": "wait"})
    plan = {"trigger_code": "match = close > open", "invalidation_code": "match = close < ta.lowest(low, 5)"}
    watch = Watch.begin(
        str(first), plan, {}, side="long", price=100.0, until="2026-01-05T17:00:00+00:00", at=CLOSE.isoformat()
    )
    watch, why = watch.next("2026-01-05T12:15:00+00:00", True, False, recheck=4)
    assert why == "trigger"
    async with rows.database.worker() as conn:
        await watching.keep_watch(conn, rows.signal_id, CLOSE, watch.model_dump(mode="json"))
    await rows.analysis(answer={"decision": "wait", "confidence": 55})
    shown = SignalDetail.model_validate((await client.get(f"/api/v1/signals/{rows.signal_id}")).json())
    assert shown.analyses == 2
    assert shown.watch is not None
    assert shown.watch.trigger == plan["trigger_code"]
    assert shown.watch.until is not None
    assert shown.watch.until.isoformat() == "2026-01-05T17:00:00+00:00"
    assert [(c.trigger, c.invalidation) for c in shown.watch.checks] == [(True, False)]
    assert [a.why for a in shown.watch.asked] == ["trigger"]
    looks = (await client.get(f"/api/v1/signals/{rows.signal_id}/analyses")).json()["items"]
    assert [look["confidence"] for look in looks] == [55.0, 71.0]


async def test_a_position_is_told_with_its_thesis_and_every_decision(client: httpx.AsyncClient, rows: Rows) -> None:
    entered = await rows.analysis(decision="enter_trade")
    async with rows.database.worker() as conn:
        await conn.execute("update public.signals set status = 'enter' where id = %s", (rows.signal_id,))
    async with rows.database.user(rows.owner) as conn:
        await signals.decide(conn, rows.signal_id, approve=True)
    async with rows.database.worker() as conn:
        opened = await positions.open_position(
            conn, position(rows.owner, symbol=rows.symbol, signal_id=rows.signal_id, strategy_id=rows.strategy_id)
        )
        assert opened is not None
        await positions.protect(conn, opened.id, stop=Decimal("97"), targets=[Decimal("112")], since=CLOSE)
        checks = [{"at": CLOSE.isoformat(), "invalidation": False, "exit": None}]
        thesis = {"text": "A dip.", "invalidation": "match = close < open", "checks": checks}
        await positions.keep_thesis(conn, opened.id, thesis)
    for choice, refusals in (("adjust", []), ("hold", ["The stop never moves away from the price."])):
        await rows.analysis(decision=choice, kind="position", position_id=opened.id, refusals=refusals)
    shown = PositionDetail.model_validate((await client.get(f"/api/v1/positions/{opened.id}")).json())
    assert [(d.decision, d.refusals) for d in shown.decisions] == [
        ("hold", ("The stop never moves away from the price.",)),
        ("adjust", ()),
    ]
    assert (shown.stop, shown.initial_stop, shown.initial_quantity) == (Decimal(97), Decimal(95), Decimal(2))
    assert shown.thesis is not None
    assert (shown.thesis.text, shown.thesis.checks[0].invalidation) == ("A dip.", False)
    assert shown.entry is not None
    assert shown.entry.id == str(entered)
    assert shown.strategy == f"S {rows.symbol}"
    assert_problem(await client.get(f"/api/v1/positions/{uuid4()}"), 404)


async def test_costs_are_summed_by_what_analyses_have_in_common(client: httpx.AsyncClient, rows: Rows) -> None:
    await rows.analysis()
    await rows.analysis(model="house/fast", latency_ms=200.0, cost=Decimal("0.0025"), decision="wait")
    free = {"input_tokens": 0, "output_tokens": 0, "cost": Decimal(0), "latency_ms": 3.0, "asked": False}
    await rows.analysis(model="offline analyst", **free)
    path = f"/api/v1/analyses/costs?strategy_id={rows.strategy_id}"
    found = CostsOut.model_validate((await client.get(path)).json())
    assert (found.all.analyses, found.all.asked, found.all.input_tokens) == (3, 2, 8000)
    assert found.all.cost == pytest.approx(0.015)
    assert found.all.latency_ms == pytest.approx(500.0)
    assert [(row.name, row.asked) for row in found.by_model] == [
        ("house/standard", 1),
        ("house/fast", 1),
        ("offline analyst", 0),
    ]
    assert found.by_model[-1].latency_ms is None
    assert [(row.name, row.id) for row in found.by_strategy] == [(f"S {rows.symbol}", str(rows.strategy_id))]
    assert sum(row.analyses for row in found.by_decision) == 3
    later = (await client.get(f"{path}&since=2100-01-01T00:00:00Z")).json()
    assert later["all"]["analyses"] == 0
    assert_problem(await client.get("/api/v1/analyses/costs?since=yesterday"), 422)


async def test_what_is_another_s_is_not_there(client: httpx.AsyncClient, database: Database, other_user: UUID) -> None:
    theirs = await Rows(database).make(other_user)
    made = await theirs.analysis()
    async with database.worker() as conn:
        opened = await positions.open_position(conn, position(other_user, symbol=theirs.symbol))
    assert opened is not None
    for path in (
        f"analyses/{made}",
        f"analyses/{made}/snapshot",
        f"signals/{theirs.signal_id}",
        f"positions/{opened.id}",
    ):
        assert_problem(await client.get(f"/api/v1/{path}"), 404)
    assert (await client.get(f"/api/v1/signals/{theirs.signal_id}/analyses")).json() == {"items": []}
    costs = (await client.get(f"/api/v1/analyses/costs?strategy_id={theirs.strategy_id}")).json()
    assert costs["all"]["analyses"] == 0
    assert_problem(await client.post(f"/api/v1/signals/{theirs.signal_id}/analyse"), 404)


async def test_who_asks_for_an_analysis_queues_one_job(client: httpx.AsyncClient, rows: Rows) -> None:
    path = f"/api/v1/signals/{rows.signal_id}/analyse"
    assert (await client.post(path)).json()["status"] == "wait"
    assert (await client.post(path)).status_code == 200
    async with rows.database.worker() as conn:
        query = "select count(*) from jobs.procrastinate_jobs where queueing_lock = %s and status = 'todo'"
        cursor = await conn.execute(query, (f"analyse:{rows.signal_id}",))
        assert await cursor.fetchone() == (1,)
        await signals.transition(conn, rows.signal_id, "expired", expected=["wait"])
    assert_problem(await client.post(path), 409)
