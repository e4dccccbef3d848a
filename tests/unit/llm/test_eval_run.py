"""A run: nothing that a case does ends it, what was scored is kept as it comes, and one that was stopped goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llm.evals.compare import compare, earlier
from llm.evals.files import RunFile, read, stored
from llm.evals.report import as_json, changes, failures, spent, table, worst
from llm.evals.results import AVERAGE, CaseResult, EvalRun, RunInfo, Spent, percentile, summary
from llm.evals.run import GIVE_UP, Unanswered, evaluate
from llm.evals.sink import SinkCase
from llm.evals.translation import AGREEMENT, DETAILS

START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class One:
    id: str


@dataclass
class Doubling:
    """Answers `x2` for `x`; ids say what goes wrong."""

    asked: list[str] = field(default_factory=list)
    most: int = 0
    now: int = 0

    async def answer(self, case: One) -> str:
        self.asked.append(case.id)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        if case.id.startswith("dead"):
            raise Unanswered("the model is away", Spent(calls=1))
        if case.id.startswith("bug"):
            raise KeyError("cloud")
        if case.id.startswith("slow"):
            await asyncio.sleep(60)
        return f"{case.id}2"

    def score(self, case: One, answer: str) -> CaseResult:
        if case.id.startswith("odd"):
            raise ZeroDivisionError("by zero")
        return result(case.id, 1.0 if answer == f"{case.id}2" else 0.0)

    def failed(self, case: One, error: str, spent: Spent) -> CaseResult:
        return CaseResult(id=case.id, group="plain", frozen=False, score=0.0, error=error, spent=spent)

    def shown(self, case: One) -> SinkCase:
        return SinkCase(case.id, case.id, None)


@dataclass
class Listening:
    """A sink that fails from the call `breaks` on."""

    breaks: int = 1000
    told: list[str] = field(default_factory=list)

    def _hear(self, what: str) -> None:
        self.told.append(what)
        if len(self.told) >= self.breaks:
            raise ConnectionError("gone")

    async def begin(self, info: RunInfo, cases: Sequence[SinkCase]) -> None:
        self._hear(f"begin {len(cases)}")

    async def case(self, result: CaseResult) -> None:
        self._hear(result.id)

    async def end(self, run: EvalRun, scores: dict[str, float]) -> None:
        self._hear(f"end {len(run.results)} {scores['n']:g}")


def result(name: str, score: float, *, frozen: bool = False, group: str = "plain", **more: object) -> CaseResult:
    return CaseResult.model_validate(
        {"id": name, "group": group, "frozen": frozen, "score": score, "measures": {"f1": score}, **more}
    )


def info(count: int, after_s: float = 0.0, **changes: str) -> RunInfo:
    fields = {"id": f"{after_s:08.0f}-run", "model": "m", "dataset_hash": "abc", "market": "made-up", **changes}
    started = START + timedelta(seconds=after_s)
    return RunInfo.model_validate(
        {"kind": "generate", "dataset": "own", "asked": count, "started_at": started, **fields}
    )


def ones(*names: str) -> list[One]:
    return [One(name) for name in names]


async def test_whatever_a_case_does_is_its_row() -> None:
    task, kept, sink, steps = Doubling(), list[CaseResult](), Listening(), list[tuple[int, int]]()
    cases = ones("a", "bug", "odd", "dead", "z")
    run = await evaluate(
        task,
        cases,
        info(5),
        concurrency=2,
        keep=kept.append,
        sinks=[sink],
        totals=lambda run: {"n": len(run.results)},
        progress=lambda done, count: steps.append((done, count)),
    )
    assert [r.id for r in run.results] == ["a", "bug", "odd", "dead", "z"] and run.complete and run.stopped is None
    assert [r.score for r in run.results] == [1, 0, 0, 0, 1]
    errors = {r.id: r.error for r in run.results}
    assert errors["bug"] == "KeyError: 'cloud'" and errors["dead"] == "the model is away"
    assert errors["odd"] is not None and "cannot be scored: ZeroDivisionError" in errors["odd"]
    assert run.results[3].spent.calls == 1 and task.most == 2
    assert {r.id for r in kept} == {c.id for c in cases} and steps[-1] == (5, 5) and len(steps) == 5
    assert sink.told[0] == "begin 5" and set(sink.told[1:-1]) == errors.keys() and sink.told[-1] == "end 5 5"


async def test_a_sink_that_fails_is_told_no_more_and_ends_nothing() -> None:
    broken, fine = Listening(breaks=2), Listening()
    run = await evaluate(
        Doubling(), ones("a", "b", "c"), info(3), sinks=[broken, fine], totals=lambda run: {"n": len(run.results)}
    )
    assert run.complete and len(broken.told) == 2 and len(fine.told) == 5


async def test_a_model_that_stays_away_is_not_asked_for_ever() -> None:
    task = Doubling()
    run = await evaluate(task, ones("a", *(f"dead{i}" for i in range(40))), info(41), concurrency=1)
    assert len(task.asked) == GIVE_UP + 1 == len(run.results)
    assert not run.complete and run.stopped == f"the model failed {GIVE_UP} times in a row"


async def test_stopping_keeps_what_was_answered_and_going_on_asks_the_rest() -> None:
    task, stop, kept = Doubling(), asyncio.Event(), list[CaseResult]()

    def keep(result: CaseResult) -> None:
        kept.append(result)
        stop.set()

    cases = ones("a", "slow1", "slow2", "slow3")
    run = await evaluate(task, cases, info(4), concurrency=2, keep=keep, stop=stop)
    assert [r.id for r in run.results] == ["a"] == [r.id for r in kept] and run.stopped and not run.complete
    again = Doubling()
    more = ones("a", "b", "c", "d")
    gone_on = await evaluate(again, more, info(4), kept=run.results, concurrency=2)
    assert sorted(again.asked) == ["b", "c", "d"] and gone_on.complete


def test_a_file_holds_what_was_scored_also_where_it_was_cut_off(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    ended = EvalRun(info=info(2), results=(result("a", 1.0), result("b", 0.5)), finished_at=START)
    with RunFile(folder, ended.info) as file:
        file.add(ended.results[0])
        unfinished = read(file.path)
        assert unfinished is not None and unfinished.results == ended.results[:1] and unfinished.stopped
        file.add(ended.results[1])
        file.end(ended)
    assert (
        list(stored(folder)) == [ended] == list(stored(folder, "generate")) and list(stored(folder, "analysis")) == []
    )
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[: whole.index(b'"b"') + 20])
    cut = read(file.path)
    assert cut is not None and [r.id for r in cut.results] == ["a"] and cut.finished_at is None
    (folder / "20260101T000000-generate-other.jsonl").write_bytes(b"\xff\n[1]\n3\n{}\n")
    assert [run.info.id for run in stored(folder)] == [ended.info.id]
    with pytest.raises(FileExistsError):
        RunFile(folder, ended.info)


def test_a_run_is_compared_with_the_last_of_its_kind_model_and_dataset() -> None:
    now = EvalRun(
        info=info(4, 100),
        results=(result("a", 1.0), result("b", 0.2), result("c", 0.5), result("f", 0.0, frozen=True)),
    )
    old = EvalRun(info=info(4, 10), results=(result("a", 0.0),))
    last = EvalRun(
        info=info(4, 50, market="another"),
        results=(result("a", 0.5), result("b", 0.9), result("c", 0.5), result("f", 1.0, frozen=True)),
    )
    others = [
        EvalRun(info=info(4, 60, model="n"), results=last.results),
        EvalRun(info=info(4, 61, dataset_hash="d"), results=last.results),
        EvalRun(info=info(4, 62), results=(result("z", 0.5),)),
        EvalRun(info=info(4, 200), results=last.results),
    ]
    assert earlier(now, [old, now, *others, last]) is last and earlier(now, others) is None
    found = compare(now, last)
    assert [(c.id, c.before, c.now) for c in found.better] == [("a", 0.5, 1.0)]
    assert [c.id for c in found.worse] == ["f", "b"]
    assert found.cases == 4
    assert found.score_before == pytest.approx(0.725) and found.score_now == pytest.approx(0.425)
    text = "\n".join(changes(found))
    assert "worse: b (plain) 0.90 -> 0.20" in text and "1 frozen" in text and "another market" in text
    assert " f " not in text and '"f"' not in str(found.public()) and found.public()["frozen_worse"] == 1
    failed = EvalRun(info=info(4, 300), results=(result("a", 0.0, error="away"), result("b", 0.2)))
    assert compare(failed, now).cases == 1 and not compare(failed, now).worse


def test_tables_take_groups_in_order_and_splits_apart_and_show_no_frozen_case() -> None:
    run = EvalRun(
        info=info(4),
        results=(
            result("t1", 1.0, group="terse", output={"code": "match = close > open"}),
            result("p1", 0.5, measures={"f1": 0.5, "silent": 1.0}, output={"code": "x", "interval": "1h"}),
            result("p2", 0.0, frozen=True, measures={"f1": 0.0, "right": 0.0}),
            result("p3", 0.0, measures={}, error="away", spent=Spent(calls=2, attempts=3, cost=0.25, latency_ms=40)),
        ),
    )
    figures = summary(run.results, ("plain", "terse"))
    assert list(figures) == ["plain", "terse", AVERAGE]
    plain = figures["plain"]
    assert (plain["all"].measures["f1"], plain["tuned"].measures["f1"]) == (0.25, 0.5)
    assert plain["frozen"].measures["f1"] == 0 and plain["all"].errors == 1 and plain["all"].counted["f1"] == 2
    lines = list(table(run, AGREEMENT, ("plain", "terse")))
    assert lines[1].split() == ["plain", "3", "25.0", "50.0", "(1)", "0.0", "(1)", "0.0"]
    assert lines[-1].split()[:3] == ["all", "4", "50.0"]
    halves = list(table(run, DETAILS, (), by_split=True))[-2:]
    assert halves[0].split() == ["tuned", "on", "3", "100.0"] and halves[1].split() == ["frozen", "1", "-"]
    shown = "\n".join([*worst(run), *failures(run)])
    assert "p2" not in shown and "p1" in shown and "says nothing" in shown and "1 cases: away" in shown
    assert "2 calls, 2 repair rounds" in spent(run) and "$0.2500" in spent(run)
    public = as_json(run, ("plain",))
    assert public["groups"]["plain"]["frozen"]["f1"] == 0 and public["latency_ms"]["p95"] == 40
    assert list(table(EvalRun(info=info(0)), AGREEMENT, ()))[-1].split() == ["all", "0"]


def test_percentiles() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([3, 1, 2], 0.5) == 2 and percentile(range(100), 0.95) == 95
