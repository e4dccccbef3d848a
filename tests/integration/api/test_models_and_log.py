"""Who may ask which model, what becomes of traces at the end, and the time of the log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app import bootstrap
from app.settings import LOCAL_USER
from llm import NoTracer
from store import events
from store.session import Database
from store.trading_records import NewEvent
from tests.integration.api.calling import TOKEN, assert_problem, serve, settings


@pytest.mark.parametrize(
    ("changes", "model", "status"),
    [
        ({}, "offline translator", 200),
        ({"token": TOKEN}, "offline translator", 200),
        ({"token": TOKEN}, "openai/gpt-costly", 422),
        ({"token": TOKEN, "model": "stub/writer"}, "openai/gpt-costly", 422),
    ],
)
async def test_beyond_personal_mode_only_configured_models_are_asked(
    database_dsn: str, changes: dict[str, Any], model: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    request = {"prompt": "RSI below 30 on 15m", "model": model}
    async with serve(settings(database_dsn, **changes)) as opened:
        answer = await opened.post("/api/v1/generate/strategy", json=request, headers=headers)
    if status == 200:
        assert answer.json()["model"] == model
        return
    found = assert_problem(answer, status)
    assert found["errors"][0]["field"] == "model"
    assert all(name in found["detail"] for name in ("offline translator", changes.get("model", "")))


def test_configured_models_are_those_the_settings_name() -> None:
    chosen = settings("x", model="a", model_fast="b", model_fallbacks=" c, a ,")
    assert chosen.named_models == ("a", "b", "c")
    assert chosen.personal and not settings("x", token=TOKEN).personal


async def test_waiting_traces_are_sent_when_the_api_stops(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[float] = []

    class Recorder(NoTracer):
        def flush(self, timeout_s: float = 2.0) -> bool:
            flushed.append(timeout_s)
            return False

    bootstrap.tracer.cache_clear()
    monkeypatch.setattr("llm.tracing.tracer_from_environment", Recorder)
    async with serve(settings(database_dsn)) as opened:
        await opened.post("/api/v1/generate/strategy", json={"prompt": "RSI below 30 on 15m"})
        assert flushed == []
    bootstrap.tracer.cache_clear()
    assert flushed == [2.0]


async def test_events_are_of_market_time(database_dsn: str, database: Database) -> None:
    ids = []
    async with database.worker() as conn:
        for detail in ({"time": "2031-02-03T04:05:06Z"}, {"time": "soon"}, {}):
            event = NewEvent(kind="T", message="m", detail=detail, owner_id=UUID(LOCAL_USER))
            ids.append(str((await events.append(conn, event)).id))
    async with serve(settings(database_dsn)) as opened:
        listed = {e["id"]: e for e in (await opened.get("/api/v1/events")).json()["items"]}
    told, wrong, none = (listed[i] for i in ids)
    assert told["time"] == "2031-02-03T04:05:06Z" != told["created_at"]
    assert wrong["time"] == wrong["created_at"]
    assert none["time"] == none["created_at"]
