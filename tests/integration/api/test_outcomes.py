"""Outcomes over HTTP and on the command line: one signal's, and the views over all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from click.testing import CliRunner

from app.cli import cli
from store import analyses, outcomes, positions, profiles, signals, strategies
from store.outcomes import NewOutcome, Progress
from store.records import AnalysisDecision, NewAnalysis, SignalStatus, Strategy
from store.session import Database
from tests.integration.api.calling import assert_problem, serve, settings
from tests.integration.store.factories import CLOSE, position, signal, strategy

# Decision, confidence, result of the analysis' plan and of the bare one in R; None is still open or has no plan.
Row = tuple[AnalysisDecision | None, int, float | None, float | None]
ENDS: dict[AnalysisDecision, SignalStatus] = {"enter_trade": "enter", "bad_setup": "rejected", "wait": "wait"}


async def kept(database: Database, rows: Sequence[Row]) -> tuple[Strategy, list[UUID]]:
    """Signals of a strategy, a candle apart, with outcomes as given."""
    async with database.worker() as conn:
        of = await strategies.upsert_built_in(conn, strategy())
        ids: list[UUID] = []
        for n, (decision, confidence, model_r, bare_r) in enumerate(rows):
            close = CLOSE + timedelta(minutes=15 * n)
            signal_id = await signals.insert(conn, signal(of, "ETHUSDT", close))
            assert signal_id is not None
            ids.append(signal_id)
            analysis = None
            if decision is not None:
                analysis = await analyses.insert(
                    conn,
                    NewAnalysis(
                        decision=decision, confidence=confidence, model="m", prompt_version="p 1", signal_id=signal_id
                    ),
                )
                await signals.claim_one(conn, signal_id)
                await signals.transition(conn, signal_id, ENDS[decision])
            common = {
                "signal_id": signal_id, "symbol": "ETHUSDT", "interval": "15m", "side": "long", "opened_at": close,
                "until": close + timedelta(minutes=5), "last_candle": close, "entry": Decimal(100), "stop": Decimal(90),
                "targets": [Decimal(120)],
            }  # fmt: skip
            new = [NewOutcome.model_validate({**common, "plan": "bare"})]
            if decision == "enter_trade":
                assert analysis is not None
                new.append(NewOutcome.model_validate({**common, "plan": "model", "analysis_id": analysis.id}))
            await outcomes.insert_many(conn, new)
            ended = [
                Progress(
                    signal_id=signal_id, plan=plan, state="target" if r > 0 else "stop", last_candle=close,
                    mfe_r=max(r, 0.5), mae_r=min(r, -0.25), result_r=r, close_price=120.5,
                )
                for plan, r in (("model", model_r), ("bare", bare_r))
                if r is not None
            ]  # fmt: skip
            await outcomes.save_many(conn, ended)
    return of, ids


ROWS: list[Row] = [
    ("enter_trade", 80, 2.0, 1.5),
    ("enter_trade", 85, 1.0, -1.0),
    ("enter_trade", 30, -1.0, -1.0),
    ("bad_setup", 90, None, -1.0),
    ("wait", 50, None, -1.0),
    (None, 0, None, 1.5),
] * 4


async def test_a_signals_outcome_with_the_readers_own_trade(
    database: Database, database_dsn: str, new_user: UUID
) -> None:
    _, ids = await kept(database, ROWS[:4])
    async with database.worker() as conn:
        local = await profiles.ensure_local_user(conn)
        mine = await positions.open_position(conn, position(local, signal_id=ids[0], symbol=f"X{ids[0].hex[:6]}"))
        theirs = await positions.open_position(conn, position(new_user, signal_id=ids[0]))
        assert mine is not None and theirs is not None
        await positions.close_position(
            conn, mine.id, price=Decimal(110), fee=Decimal("0.8"), reason="target", closed_at=CLOSE + timedelta(hours=1)
        )
    async with serve(settings(database_dsn)) as client:
        found = (await client.get(f"/api/v1/signals/{ids[0]}/outcome")).json()
        refused = (await client.get(f"/api/v1/signals/{ids[3]}/outcome")).json()
        assert_problem(await client.get(f"/api/v1/signals/{UUID(int=7)}/outcome"), 404)
    assert (found["model"]["state"], found["model"]["result_r"], found["model"]["close_price"]) == (
        "target",
        2.0,
        120.5,
    )
    assert found["bare"]["targets"] == [120.0] and found["bare"]["mfe_r"] == 1.5
    # 2 units gained 10 each, fees were 1: over the 10 that were at risk.
    [trade] = found["trades"]
    assert trade["position_id"] == str(mine.id) and trade["result_r"] == pytest.approx(1.9)
    assert refused["model"] is None and refused["bare"]["result_r"] == -1.0 and refused["trades"] == []


async def test_the_views_add_up(database: Database, database_dsn: str) -> None:
    of, _ = await kept(database, ROWS)
    query = {"strategy_id": str(of.id)}
    async with serve(settings(database_dsn)) as client:
        found = (await client.get("/api/v1/outcomes", params=query)).json()
        part = (await client.get("/api/v1/outcomes", params={**query, "limit": 6})).json()
        later = (await client.get("/api/v1/outcomes", params={**query, "since": "2027-01-01T00:00:00Z"})).json()
    assert (found["signals"], found["plans"], found["open"], found["limited"]) == (24, 36, 0, False)
    assert (part["signals"], part["limited"], later["signals"]) == (6, True, 0)
    assert later["calibration"] == {"bins": [], "count": 0, "error": None, "brier": None}
    whole = found["all"]
    assert (whole["entered"], whole["ended"], whole["won"]) == (12, 12, pytest.approx(2 / 3))
    assert [(b["low"], b["count"], b["won"]) for b in found["calibration"]["bins"]] == [(30, 4, 0.0), (80, 8, 1.0)]
    lift = found["lift"]
    # One set of rows: what waits yet, and what nobody analysed, is no decision.
    assert (lift["signals"], lift["others"], lift["undecided"]["value"]) == (16, 8, 0.25)
    values = {name: one["value"] for name, one in lift.items() if isinstance(one, dict)}
    assert values["entered"] == pytest.approx(2 / 3) and values["bare"] == pytest.approx(-0.375)
    assert values["difference"] == pytest.approx(values["entered"] - values["bare"])
    assert values["selection"] == pytest.approx(-0.5 / 3 + 0.375) and values["plan"] == pytest.approx(2.5 / 3)
    assert lift["difference"]["low"] < values["difference"] < lift["difference"]["high"]
    assert values["avoided"] == -1.0
    groups = {g["name"]: g for g in found["by_decision"]}
    assert {name: g["signals"] for name, g in groups.items()} == {
        "enter_trade": 12, "bad_setup": 4, "still waiting": 4, "not analysed": 4,
    }  # fmt: skip
    refused, waiting = groups["bad_setup"]["lift"], groups["still waiting"]["lift"]
    assert refused["bare"]["value"] == -1.0 and refused["entered"] is None
    assert (waiting["bare"], waiting["avoided"], waiting["undecided"]["value"]) == (None, None, -1.0)
    assert [(g["name"], g["id"]) for g in found["by_strategy"]] == [(of.name, str(of.id))]
    assert {g["name"] for g in found["by_model"]} == {"m", "not analysed"}
    assert {g["name"] for g in found["by_prompt_version"]} == {"p 1", "not analysed"}


def test_the_command_prints_the_same(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def store() -> Strategy:
        async with Database(database_dsn, max_size=1) as database:
            return (await kept(database, ROWS))[0]

    of = asyncio.run(store())
    monkeypatch.setenv("DATABASE_URL", database_dsn)
    shown = CliRunner().invoke(cli, ["outcomes", "--strategy", str(of.id)])
    assert shown.exit_code == 0, shown.output
    assert "24 signals, 36 plans: 0 open, 0 could not be followed to an end (0 were past" in shown.output
    assert "lift                                     +1.04 (" in shown.output
    assert "80 to 90 %            8     82%    100%    +1.50" in shown.output
    as_json = CliRunner().invoke(cli, ["outcomes", "--strategy", str(of.id), "--json"])
    assert json.loads(as_json.output)["all"]["entered"] == 12
    none = CliRunner().invoke(cli, ["outcomes", "--strategy", str(UUID(int=9))])
    assert none.output == "no signal is followed yet\n"
    wrong = CliRunner().invoke(cli, ["outcomes", "--since", "soon", "--json"])
    assert wrong.exit_code == 2
