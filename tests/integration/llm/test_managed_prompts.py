"""Prompts that Langfuse manages, through its client: taken, cached, checked, and never a reason to fail."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from app.cli import cli
from app.commands.doctor import check_langfuse
from app.settings import Settings
from llm import PhrasebookModel, TracedModel, generate_strategy, prompt_sources
from llm.langfuse_client import connection
from llm.prompt_sources import TTL_S, LangfusePrompts, PromptUnavailable, managed_prompts
from llm.prompts import compose, manifest, render
from llm.reference import metadata_reference
from llm.templates import Prompt, sources
from llm.tracing import tracer_from_environment
from tests.fixtures.langfuse_stub import LangfuseStub, langfuse_stub

NAME = "generate.metadata"
FENCED = '{% from "fence.j2" import fenced %}{{ fenced("sentence", sentence) }}'
GIVEN: dict[str, object] = {"sentence": "RSI below 30 {{ interval }}", "interval": None, **metadata_reference()}


@pytest.fixture
def langfuse(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangfuseStub]:
    """A stand-in that the environment points at, with managed prompts switched on."""
    with langfuse_stub(uuid4().hex) as stub:
        for name, value in {**stub.environment(), "SCREENER_LANGFUSE_PROMPTS": "1"}.items():
            monkeypatch.setenv(name, value)
        # A busy machine is no slow host: only the tests of waiting wait as briefly as the program does.
        monkeypatch.setattr(prompt_sources, "WAIT_S", 30.0)
        monkeypatch.setattr(prompt_sources, "FETCH_S", 30)
        yield stub


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def source(stub: LangfuseStub, clock: Clock | None = None) -> LangfusePrompts:
    found = connection(stub.environment())
    assert found is not None
    return LangfusePrompts(found, clock=clock or time.monotonic)


def chat(system: str = "You are {{ interval or 'free' }}.", user: str = FENCED) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "llm.prompt_sources"]


async def until(answered: Any) -> None:
    """Wait for what a thread does in the background."""
    for _ in range(3_000):
        if answered():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


async def test_the_managed_version_is_used_and_recorded(langfuse: LangfuseStub) -> None:
    langfuse.put_prompt(NAME, chat("Old."))
    version = langfuse.put_prompt(NAME, chat())
    composed = await compose(NAME, GIVEN)
    assert composed.version == f"langfuse {version}" == "langfuse 2"
    assert composed.messages[0].content == "You are free."
    assert composed.messages[1].content == render(NAME, GIVEN)[1].content
    assert "RSI below 30 {{ interval }}" in composed.messages[1].content
    assert composed.prompt is manifest()[NAME]
    assert langfuse.refused == []


async def test_the_version_stands_beside_the_answer_in_the_trace(langfuse: LangfuseStub) -> None:
    langfuse.put_prompt("generate.filter", chat("S.", FENCED))
    tracer = tracer_from_environment(langfuse.environment())
    with tracer.action("generate.strategy"):
        await generate_strategy(TracedModel(PhrasebookModel(), tracer), "RSI below 30 on 15m")
    assert tracer.flush(10)
    [call] = langfuse.named("generate.filter")
    assert (call.of("prompt.name"), call.of("prompt.version")) == ("generate.filter", 1)
    [other] = langfuse.named("generate.metadata")
    assert other.of("metadata.prompt_version") == manifest()["generate.metadata"].version
    assert other.of("prompt.name") is None


@pytest.mark.parametrize("switch", ["", "0", "no", "off"])
async def test_nothing_is_asked_unless_switched_on(
    langfuse: LangfuseStub, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv("SCREENER_LANGFUSE_PROMPTS", switch)
    langfuse.put_prompt(NAME, chat())
    assert managed_prompts() is None
    assert (await compose(NAME, GIVEN)).version == manifest()[NAME].version
    assert langfuse.requests == []


def test_nothing_is_managed_without_keys() -> None:
    assert managed_prompts({"SCREENER_LANGFUSE_PROMPTS": "1", "LANGFUSE_PUBLIC_KEY": "pk"}) is None


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("chat", chat("{{ wallet }}"), "'wallet' is not declared"),
        ("chat", chat(user="{{ sentence }}"), "'sentence' stands outside the fence"),
        ("chat", chat("{% for x in %}"), "not a Jinja template"),
        ("chat", chat("{% include 'manifest.toml' %}"), "only fence.j2"),
        ("chat", [{"role": "user", "content": FENCED}], "needs the messages system and user"),
        ("chat", [{"role": "system", "content": "x"}, {"type": "placeholder", "name": "y"}], "needs the messages"),
        ("text", FENCED, "needs the messages system and user"),
        ("chat", chat("{{ interval.there.is.none }}"), "does not render"),
        ("chat", chat("{{ 1 / 0 }}"), "does not render"),
        ("chat", chat("{{ ''.__class__ }}"), "does not render"),
        ("chat", chat("x" * 250_000), "more than 200,000 characters"),
        ("chat", chat("{% for x in range(90000) %}many {{ x }}{% endfor %}"), "longer than 400,000 characters"),
    ],
)
async def test_an_unfit_prompt_is_not_used_and_said_once(
    langfuse: LangfuseStub, caplog: pytest.LogCaptureFixture, kind: str, content: Any, reason: str
) -> None:
    langfuse.put_prompt(NAME, content, kind)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            composed = await compose(NAME, GIVEN)
    assert composed.version == manifest()[NAME].version
    assert composed.messages == render(NAME, GIVEN)
    [said] = warnings(caplog)
    assert reason in said and NAME in said


async def test_an_unknown_prompt_is_the_packages_own(langfuse: LangfuseStub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        composed = await compose(NAME, GIVEN)
    assert composed.version == manifest()[NAME].version
    assert "none labelled production" in warnings(caplog)[0]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_a_failing_host_is_no_failure(
    langfuse: LangfuseStub, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    langfuse.put_prompt(NAME, chat())
    langfuse.status = status
    with caplog.at_level(logging.WARNING):
        assert (await compose(NAME, GIVEN)).version == manifest()[NAME].version
    assert f"answered {status}" in warnings(caplog)[0]
    assert len(langfuse.requests) == 1


async def test_a_dead_host_is_no_failure(langfuse: LangfuseStub) -> None:
    langfuse.close()
    assert (await compose(NAME, GIVEN)).version == manifest()[NAME].version


async def test_a_slow_host_is_waited_for_a_moment_and_used_when_it_answered(
    langfuse: LangfuseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_sources, "WAIT_S", 0.2)
    langfuse.put_prompt(NAME, chat())
    langfuse.delay_s = 3.0
    assert (await compose(NAME, GIVEN)).version == manifest()[NAME].version
    prompts = managed_prompts()
    assert prompts is not None
    await until(lambda: prompts._entries[NAME].fetched_at is not None)
    assert (await compose(NAME, GIVEN)).version == "langfuse 1"
    assert len(langfuse.requests) == 1


async def test_only_the_first_wait_is_in_vain(langfuse: LangfuseStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_sources, "WAIT_S", 0.2)
    langfuse.delay_s = 20.0
    prompts = source(langfuse)
    assert await prompts.get(manifest()[NAME]) is None
    # From here on a wait would be one of minutes.
    monkeypatch.setattr(prompt_sources, "WAIT_S", 600.0)
    async with asyncio.timeout(30):
        for prompt in manifest().values():
            assert await prompts.get(prompt) is None


async def test_five_minutes_of_cache(langfuse: LangfuseStub) -> None:
    clock = Clock()
    prompts, prompt = source(langfuse, clock), manifest()[NAME]
    langfuse.put_prompt(NAME, chat("One."))
    for _ in range(5):
        found = await prompts.get(prompt)
        assert found is not None and found.version == 1
    clock.now += TTL_S - 1
    langfuse.put_prompt(NAME, chat("Two."))
    assert await prompts.get(prompt) == found
    assert len(langfuse.requests) == 1
    clock.now += 2
    # The stale one is answered at once; the new one is there soon.
    assert await prompts.get(prompt) == found
    await until(lambda: getattr(prompts._entries[NAME].found, "version", 0) == 2)
    assert len(langfuse.requests) == 2


async def test_a_host_that_goes_away_takes_nothing_back(langfuse: LangfuseStub) -> None:
    clock = Clock()
    prompts, prompt = source(langfuse, clock), manifest()[NAME]
    langfuse.put_prompt(NAME, chat())
    found = await prompts.get(prompt)
    langfuse.status = 503
    for _ in range(2):
        clock.now += TTL_S + 1
        assert await prompts.get(prompt) == found
        await until(lambda: prompts._entries[NAME].fetching is None)
    assert found is not None and prompts._entries[NAME].found == found
    langfuse.status = 0
    langfuse.prompts.clear()
    clock.now += TTL_S + 1
    await prompts.get(prompt)
    await until(lambda: prompts._entries[NAME].found is None)
    assert await prompts.get(prompt) is None


async def test_many_callers_at_once_ask_once(langfuse: LangfuseStub) -> None:
    langfuse.put_prompt(NAME, chat())
    langfuse.delay_s = 0.1
    versions: list[str] = []

    def ask() -> None:
        versions.append(asyncio.run(compose(NAME, GIVEN)).version)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert versions == ["langfuse 1"] * 8
    assert len(langfuse.requests) == 1


def test_prompts_are_pushed_once_and_come_back_the_same(langfuse: LangfuseStub) -> None:
    first = CliRunner().invoke(cli, ["prompts", "push", "--json"])
    assert first.exit_code == 0, first.output
    assert json.loads(first.output) == {"pushed": dict.fromkeys(manifest(), 1)}
    again = CliRunner().invoke(cli, ["prompts", "push", "--json", NAME])
    assert json.loads(again.output) == {"pushed": {NAME: None}}
    for name, prompt in manifest().items():
        [held] = langfuse.prompts[name]
        assert held["type"] == "chat"
        assert held["labels"] == ["production", "latest"]
        assert held["config"]["version"] == prompt.version
        assert prompt.version in held["commitMessage"]
        fetched = source(langfuse).fetch(prompt)
        assert fetched.parts == sources(prompt)
    langfuse.put_prompt(NAME, chat())
    pushed = CliRunner().invoke(cli, ["prompts", "push", NAME])
    assert pushed.output == f"{NAME}: version 3, labelled production\n"
    assert langfuse.refused == [r for r in langfuse.refused if "Prompt not found" in r]


def test_prompts_are_listed_with_what_is_used(langfuse: LangfuseStub) -> None:
    langfuse.put_prompt(NAME, chat())
    langfuse.put_prompt("generate.filter", chat("{{ wallet }}"))
    listed = json.loads(CliRunner().invoke(cli, ["prompts", "list", "--json"]).output)
    rows = {row["name"]: row for row in listed["prompts"]}
    assert listed["managed"] is True
    assert list(rows) == list(manifest())
    assert rows[NAME]["used"] == "langfuse 1"
    assert rows["generate.filter"]["used"] == manifest()["generate.filter"].version
    assert "wallet" in rows["generate.filter"]["problem"]
    assert "none labelled production" in rows["analysis.decide"]["problem"]


def test_all_prompts_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    all_asked = threading.Barrier(len(manifest()))

    class Hanging:
        def fetch(self, prompt: Prompt) -> None:
            all_asked.wait(30)
            raise PromptUnavailable("the host did not answer", passing=True)

    monkeypatch.setattr("app.commands.prompts.managed_prompts", Hanging)
    listed = json.loads(CliRunner().invoke(cli, ["prompts", "list", "--json"]).output)
    assert [row["problem"] for row in listed["prompts"]] == ["Langfuse: the host did not answer"] * len(manifest())


def test_without_keys_the_commands_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "SCREENER_LANGFUSE_PROMPTS"):
        monkeypatch.delenv(name, raising=False)
    listed = CliRunner().invoke(cli, ["prompts", "list"])
    assert listed.exit_code == 0
    assert f"{NAME} " in listed.output and "Langfuse manages none" in listed.output
    pushed = CliRunner().invoke(cli, ["prompts", "push"])
    assert pushed.exit_code == 2
    assert "LANGFUSE_PUBLIC_KEY" in pushed.output
    unknown = CliRunner().invoke(cli, ["prompts", "push", "no.such"])
    assert unknown.exit_code == 2
    assert "no prompt 'no.such'" in unknown.output


def test_keys_may_stand_in_a_file_of_settings(
    langfuse: LangfuseStub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    langfuse.put_prompt(NAME, chat())
    lines = {**langfuse.environment(), "SCREENER_LANGFUSE_PROMPTS": "1"}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    monkeypatch.chdir(tmp_path)
    for name in lines:
        # Set first, so that what the file adds is taken back at the end of the test.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    listed = json.loads(CliRunner().invoke(cli, ["prompts", "list", "--json"]).output)
    assert listed["prompts"][0]["used"] == "langfuse 1"


def test_the_doctor_says_where_traces_go_and_what_is_wrong(
    langfuse: LangfuseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = check_langfuse(Settings())
    assert (found.state, found.message) == ("ok", "traces go to project stand-in; prompts from there")
    langfuse.status = 401
    found = check_langfuse(Settings())
    assert (found.state, found.message) == ("failed", "configured, but the host answered 401")
    langfuse.close()
    assert "cannot be reached" in check_langfuse(Settings()).message
    monkeypatch.delenv("LANGFUSE_SECRET_KEY")
    assert "LANGFUSE_SECRET_KEY is not" in check_langfuse(Settings()).message
    monkeypatch.delenv("LANGFUSE_PUBLIC_KEY")
    assert check_langfuse(Settings()).message == "not configured: nothing is traced"


def test_a_host_that_refuses_a_push_is_said(langfuse: LangfuseStub) -> None:
    langfuse.status = 500
    pushed = CliRunner().invoke(cli, ["prompts", "push", NAME])
    assert pushed.exit_code == 1
    assert "the host answered 500" in pushed.output
    with pytest.raises(PromptUnavailable):
        source(langfuse).publish(manifest()[NAME])
