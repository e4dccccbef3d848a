"""Actions of people as traces: one for each, scored, and named in what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from app import bootstrap, generation
from app.asking import CannotGenerate, Job
from app.settings import Settings
from store import generations
from store.session import Database
from tests.fixtures.langfuse_stub import LangfuseStub, langfuse_stub
from tests.fixtures.openai_stub import Reply, Stub, openai_stub

METADATA = {"name": "Dip", "direction": "long", "interval": "15m", "conditions": ["The 15m RSI(14) is below 30"]}
DRAFT = {"filter_code": "dip = ta.rsi(close, 14) < 30\nmatch = dip"}


@pytest.fixture
def langfuse(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangfuseStub]:
    with langfuse_stub(uuid4().hex) as stub:
        for name, value in stub.environment().items():
            monkeypatch.setenv(name, value)
        bootstrap.tracer.cache_clear()
        yield stub
        bootstrap.tracer.cache_clear()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with openai_stub() as stub:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        monkeypatch.setenv("OPENAI_API_BASE", stub.url)
        yield stub


async def test_a_strategy_of_a_model_is_one_trace_with_its_calls_and_scores(
    langfuse: LangfuseStub, provider: Stub, database: Database, new_user: UUID
) -> None:
    provider.answer_with(
        Reply(json.dumps(METADATA)),
        Reply(json.dumps({"filter_code": "match = smaa(close) > 1"})),
        Reply(json.dumps(DRAFT)),
    )
    settings = Settings(model="openai/scripted", model_prices="openai/scripted=1/2")
    job = Job(settings, database, new_user)
    made, _ = await generation.strategy(job, "RSI below 30 on 15m")
    await bootstrap.flush_traces(10)
    assert made.attempts == 2
    assert langfuse.refused == []
    [root] = [span for span in langfuse.spans if not span.parent_id]
    assert root.name == "generate.strategy"
    assert root.attributes["user.id"] == str(new_user)
    assert root.of("output")["filter_code"] == made.filter_code
    calls = sorted((span for span in langfuse.spans if span.parent_id), key=lambda span: span.begin_ns)
    assert [call.name for call in calls] == ["generate.metadata", "generate.filter", "generate.filter"]
    for call in calls:
        assert call.of("model.name") == made.model == "scripted"
        assert call.of("usage_details") == {"input": 50, "output": 20, "total": 70}
        assert call.of("cost_details") == {"total": pytest.approx(0.00009)}
        assert call.of("metadata.prompt_version")
    scores = {score["name"]: score["value"] for score in langfuse.scores}
    of_checks = {"unused": 0, "disagreements": 0, "invented": 0}
    assert scores == {"compiled": 1, "compiled_first_try": 0, "attempts": 2, **of_checks}
    assert {score["traceId"] for score in langfuse.scores} == {root.trace_id}
    async with database.user(new_user) as conn:
        [row] = await generations.list_recent(conn)
    assert row.trace_id == root.trace_id
    assert b"sk-test-0123456789abcdef" not in b"".join(langfuse.bodies)


async def test_a_failed_action_says_why_in_its_trace(
    langfuse: LangfuseStub, provider: Stub, database: Database, new_user: UUID
) -> None:
    provider.answer_with(Reply(status=401, error="no such key"))
    settings = Settings(model="openai/scripted")
    with pytest.raises(CannotGenerate):
        await generation.strategy(Job(settings, database, new_user), "RSI below 30 on 15m")
    await bootstrap.flush_traces(10)
    [root] = langfuse.named("generate.strategy")
    [call] = langfuse.named("generate.metadata")
    assert (root.of("level"), call.of("level")) == ("ERROR", "ERROR")
    assert call.of("status_message").startswith("authentication: ")
    async with database.user(new_user) as conn:
        [row] = await generations.list_recent(conn)
    assert row.trace_id == root.trace_id and row.error


async def test_a_dead_langfuse_changes_no_answer(langfuse: LangfuseStub, database: Database, new_user: UUID) -> None:
    langfuse.close()
    made, _ = await generation.strategy(Job(Settings(), database, new_user), "RSI below 30 on 15m")
    assert "ta.rsi(close, 14) < 30" in made.filter_code
