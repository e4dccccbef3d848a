"""Evaluations as they arrive in Langfuse, through its client: dataset, items, experiment, scores of items and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from llm import langfuse_evals
from llm.evals.results import CaseResult, EvalRun, RunInfo, Spent
from llm.evals.run import evaluate
from llm.evals.sink import SinkCase, run_name
from llm.langfuse_client import HostFailed, Unavailable, connection
from llm.langfuse_evals import LangfuseSink
from llm.tracing import Tracer, tracer_from_environment
from tests.fixtures.langfuse_stub import LangfuseStub, langfuse_stub


@pytest.fixture
def langfuse() -> Iterator[LangfuseStub]:
    with langfuse_stub(uuid4().hex) as stub:
        yield stub


def sink(stub: LangfuseStub) -> LangfuseSink:
    return LangfuseSink(connection(stub.environment()))


def info(asked: int, model: str = "offline translator", **changes: object) -> RunInfo:
    base: dict[str, object] = {
        "id": uuid4().hex,
        "kind": "generate",
        "model": model,
        "dataset": "sentences",
        "dataset_hash": "abc123",
        "market": "made up",
        "asked": asked,
        "started_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    }
    return RunInfo.model_validate({**base, **changes})


CASES = [
    SinkCase("c1", "RSI below 30 on 15m", "match = ta.rsi(close, 14) < 30", {"style": "plain"}),
    SinkCase("c2", "buy the news", None, {"style": "impossible"}),
]


class Task:
    """Two cases: the first is answered well, the second fails; each within a trace of its own."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.traces: dict[str, str | None] = {}

    async def answer(self, case: SinkCase) -> str:
        with self.tracer.action("eval.generate", input=case.input) as span:
            self.traces[case.id] = span.trace_id
        return case.input

    def score(self, case: SinkCase, answer: str) -> CaseResult:
        spent = Spent(attempts=2, calls=3, input_tokens=90, output_tokens=9, cost=0.002, latency_ms=12.34)
        return CaseResult(
            id=case.id,
            group=str(case.metadata["style"]),
            frozen=False,
            score=1.0 if case.expected else 0.0,
            measures={"compiles": 1.0, "f1": 0.75} if case.expected else {},
            output={"filter_code": answer} if case.expected else None,
            error=None if case.expected else "nothing came out",
            spent=spent.model_copy(update={"trace_id": self.traces[case.id]}),
        )

    def failed(self, case: SinkCase, error: str, spent: Spent) -> CaseResult:
        raise AssertionError(error)

    def shown(self, case: SinkCase) -> SinkCase:
        return case


async def test_a_run_is_a_dataset_an_experiment_and_scores(langfuse: LangfuseStub) -> None:
    tracer = tracer_from_environment(langfuse.environment())
    task, told = Task(tracer), info(2)
    await evaluate(task, CASES, told, sinks=[sink(langfuse)], totals=lambda run: {"f1": 0.75, "compile_rate": 0.5})
    assert tracer.flush(10)
    assert langfuse.refused == []

    dataset = langfuse.datasets["screener-generate-sentences"]
    assert dataset["metadata"] == {"kind": "generate", "hash": "abc123"}
    items = {item["metadata"]["case"]: item for item in langfuse.items.values()}
    assert items["c1"]["input"] == CASES[0].input
    assert items["c1"]["expectedOutput"] == CASES[0].expected
    assert items["c1"]["metadata"] == {"style": "plain", "case": "c1"}
    assert items["c2"]["expectedOutput"] is None

    [(experiment, run)] = langfuse.runs().items()
    assert run["name"] == run_name(told)
    assert run["dataset"] == dataset["id"]
    assert set(run["items"]) == {items["c1"]["id"], items["c2"]["id"]}
    first, second = run["items"][items["c1"]["id"]], run["items"][items["c2"]["id"]]
    assert first["output"] == {"filter_code": CASES[0].input}
    assert first["expected"] == CASES[0].expected
    assert second["output"] == {"error": "nothing came out", "output": None}
    assert "made up" in first["description"] and "abc123" in first["metadata"]
    # The item's run names the trace of the calls.
    [span] = [found for found in langfuse.spans if found.span_id == first["observation"]]
    assert span.of("metadata.trace_id") == task.traces["c1"]
    assert span.of("metadata.input_tokens") == 90

    expected = {"score": 1.0, "compiles": 1.0, "f1": 0.75, "attempts": 2.0, "latency_ms": 12.3, "cost": 0.002}
    of_item = {s["name"]: s["value"] for s in langfuse.scores if s.get("observationId") == first["observation"]}
    assert of_item == expected
    of_calls = {s["name"]: s["value"] for s in langfuse.scores if s.get("traceId") == task.traces["c1"]}
    assert of_calls == expected
    failed = [s for s in langfuse.scores if s.get("traceId") == task.traces["c2"] and s["name"] == "score"]
    assert [(s["value"], s["comment"]) for s in failed] == [(0.0, "nothing came out")]
    of_run = {s["name"]: s["value"] for s in langfuse.scores if s.get("datasetRunId") == experiment}
    assert of_run == {"f1": 0.75, "compile_rate": 0.5}


async def whole_run(stub: LangfuseStub, told: RunInfo, cases: Sequence[SinkCase]) -> None:
    told_to = sink(stub)
    await told_to.begin(told, cases)
    results = tuple(CaseResult(id=case.id, group="plain", frozen=False, score=1.0) for case in cases)
    for result in results:
        await told_to.case(result)
    await told_to.end(EvalRun(info=told, results=results), {"score": 1.0})


async def test_a_second_run_adds_an_experiment_and_no_item(langfuse: LangfuseStub) -> None:
    cases = [SinkCase(f"c{i}", f"sentence {i}", f"match = close > {i}") for i in range(60)]
    await whole_run(langfuse, info(60), cases)
    sent = sum(method == "POST" and "dataset-items" in path for method, path in langfuse.requests)
    assert sent == len(langfuse.items) == 60
    changed = [SinkCase("c0", "another sentence", "match = close > 0"), *cases[1:]]
    await whole_run(langfuse, info(60, "big/one"), changed)
    assert sum(method == "POST" and "dataset-items" in path for method, path in langfuse.requests) == sent + 1
    assert len(langfuse.datasets) == 1 and len(langfuse.items) == 60
    runs = langfuse.runs()
    assert len(runs) == 2
    assert [len(run["items"]) for run in runs.values()] == [60, 60]
    assert langfuse.refused == []


async def test_a_run_that_was_stopped_records_what_it_has(langfuse: LangfuseStub) -> None:
    told, told_to = info(2), sink(langfuse)
    await told_to.begin(told, CASES)
    result = CaseResult(id="c2", group="plain", frozen=True, score=0.5)
    await told_to.end(EvalRun(info=told, results=(result,), stopped="stopped before its end"), {})
    [run] = langfuse.runs().values()
    assert len(run["items"]) == 1
    [item] = run["items"].values()
    assert "stopped before its end" in item["metadata"]
    assert item["output"] is None


@pytest.mark.parametrize("status", [401, 403])
async def test_a_host_that_fails_is_told_and_the_run_goes_on(
    langfuse: LangfuseStub, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    langfuse.status = status
    with pytest.raises(HostFailed, match=f"answered {status}"):
        await sink(langfuse).begin(info(2), CASES)
    task = Task(tracer_from_environment({}))
    run = await evaluate(task, CASES, info(2), sinks=[sink(langfuse)])
    assert [result.score for result in run.results] == [1.0, 0.0]


async def test_a_mistake_of_our_own_is_no_failure_of_the_host(langfuse: LangfuseStub) -> None:
    broken: Any = ["no metadata"]
    with pytest.raises(TypeError):
        await sink(langfuse).begin(info(1), [SinkCase("c1", "RSI below 30", None, broken)])


async def test_a_host_that_hangs_is_waited_for_a_bounded_time(
    langfuse: LangfuseStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(langfuse_evals, "BEGIN_S", 0.2)
    with langfuse.hold(), pytest.raises(HostFailed, match="did not answer within"):
        await sink(langfuse).begin(info(2), CASES)


def test_without_keys_there_is_no_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGFUSE_PUBLIC_KEY", raising=False)
    with pytest.raises(Unavailable, match="not both set"):
        LangfuseSink()
