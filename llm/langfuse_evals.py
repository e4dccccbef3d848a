"""Evaluations in Langfuse: a dataset of the cases, an experiment for each run, scores of each item and of the run.

1. `begin` creates the dataset and brings its items up to date; an item's id is made of the dataset's and the case's, so
   nothing is there twice.
2. `case` scores the trace of the case's own calls.
3. `end` gives the results to the experiment runner of Langfuse's client, which makes an item run with a trace of its
   own for each; that trace names the one of the calls.

Each step waits for the host a bounded time and raises `Unavailable` or `HostFailed` where it does not answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from llm.evals.results import CaseResult, EvalRun, RunInfo
from llm.evals.sink import SinkCase, run_name
from llm.langfuse_client import Connection, HostFailed, Unavailable, connection, host_failures, masked

BEGIN_S: Final = 60.0
END_S: Final = 180.0
AT_ONCE: Final = 8
PACE: Final = 40
"""Item runs after which the spans are sent before more are made: what waits to be sent is bounded."""
FLUSH_S: Final = 15.0

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class _Item:
    """A dataset item as the experiment runner reads it."""

    id: str
    dataset_id: str
    input: str
    expected_output: str | None
    metadata: dict[str, Any]


class LangfuseSink:
    """An `EvalSink` over `link`, by default that of the environment."""

    def __init__(self, link: Connection | None = None) -> None:
        found = link or connection()
        if found is None:
            raise Unavailable("LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY are not both set")
        self._link = found
        self._items: dict[str, _Item] = {}
        self._run = ""

    async def begin(self, info: RunInfo, cases: Sequence[SinkCase]) -> None:
        """Create the dataset where there is none, and the items that are missing or differ."""
        self._run = run_name(info)
        self._items = await _bounded(lambda: self._prepared(info, cases), BEGIN_S)

    async def case(self, result: CaseResult) -> None:
        """Queue the scores of the trace of the case's calls."""
        if result.spent.trace_id is None:
            return
        for name, value, comment in _figures(result):
            self._link.client.create_score(
                trace_id=result.spent.trace_id,
                name=name,
                value=value,
                data_type="NUMERIC",
                comment=comment,
                metadata={"run": self._run, "case": result.id},
            )

    async def end(self, run: EvalRun, scores: dict[str, float]) -> None:
        """Record the experiment: one item run for each result, and the run's own scores."""
        if run.results:
            await _bounded(lambda: self._recorded(run, scores), END_S)

    def _prepared(self, info: RunInfo, cases: Sequence[SinkCase]) -> dict[str, _Item]:
        client, name = self._link.client, f"screener-{info.kind}-{info.dataset}"
        with host_failures():
            dataset = client.create_dataset(
                name=name,
                description=f"Sentences to score `screener eval {info.kind}` with",
                metadata={"kind": info.kind, "hash": info.dataset_hash},
            )
        wanted = {
            case.id: _Item(
                id=f"{name}-{case.id}",
                dataset_id=dataset.id,
                input=case.input,
                expected_output=case.expected,
                metadata={**case.metadata, "case": case.id},
            )
            for case in cases
        }
        with host_failures():
            items = client.get_dataset(name).items
        held = {item.id: (item.input, item.expected_output, item.metadata) for item in items}
        missing = [i for i in wanted.values() if held.get(i.id) != (i.input, i.expected_output, i.metadata)]
        with host_failures(), ThreadPoolExecutor(AT_ONCE, "langfuse-items") as pool:
            list(pool.map(lambda item: self._upsert(client, name, item), missing))
        return wanted

    def _upsert(self, client: Any, dataset: str, item: _Item) -> None:
        client.create_dataset_item(
            dataset_name=dataset,
            id=item.id,
            input=item.input,
            expected_output=item.expected_output,
            metadata=item.metadata,
        )

    def _recorded(self, run: EvalRun, scores: dict[str, float]) -> None:
        # Known once the client exists: this does not load langfuse.
        client = self._link.client
        from langfuse import Evaluation

        results = {result.id: result for result in run.results}
        begun = 0

        async def task(*, item: Any, **_: Any) -> Any:
            nonlocal begun
            begun += 1
            if begun % PACE == 0 and not await asyncio.to_thread(self._link.flush, FLUSH_S):
                raise HostFailed("the host takes the spans too slowly")
            result = results[item.metadata["case"]]
            client.update_current_span(metadata=_spent(result))
            return masked(result.output if result.error is None else {"error": result.error, "output": result.output})

        def evaluated(*, metadata: Any, **_: Any) -> list[Any]:
            found = _figures(results[metadata["case"]])
            return [Evaluation(name=n, value=v, comment=comment, data_type="NUMERIC") for n, v, comment in found]

        def totalled(**_: Any) -> list[Any]:
            return [Evaluation(name=name, value=value, data_type="NUMERIC") for name, value in scores.items()]

        with host_failures():
            told = client.run_experiment(
                name=run.info.model,
                run_name=self._run,
                description=f"{run.info.kind} on {run.info.dataset}, {run.info.market}",
                data=[item for case, item in self._items.items() if case in results],
                task=task,
                evaluators=[evaluated],
                run_evaluators=[totalled],
                max_concurrency=AT_ONCE,
                metadata={
                    "model": run.info.model,
                    "dataset_hash": run.info.dataset_hash,
                    "market": run.info.market,
                    "run": run.info.id,
                    "stopped": run.stopped or "no",
                },
            )
        if len(told.item_results) < len(run.results):
            raise HostFailed(
                f"{len(run.results) - len(told.item_results)} of {len(run.results)} items were not recorded"
            )


def _figures(result: CaseResult) -> list[tuple[str, float, str | None]]:
    """Name, value and comment of each score of a case."""
    spent = result.spent
    rows: list[tuple[str, float, str | None]] = [("score", result.score, masked(result.error))]
    rows += [(name, value, None) for name, value in result.measures.items()]
    rows += [("attempts", float(spent.attempts), None), ("latency_ms", round(spent.latency_ms, 1), None)]
    return [*rows, ("cost", spent.cost, "US dollars")] if spent.cost is not None else rows


def _spent(result: CaseResult) -> dict[str, object]:
    """What the case's own calls took, and their trace."""
    found = result.spent.model_dump(exclude_none=True)
    return {**found, "group": result.group, "frozen": result.frozen}


async def _bounded(work: Callable[[], Done], seconds: float) -> Done:
    """What `work` returns, done in a thread that the process does not wait for at its end. Raises `HostFailed` after
    `seconds`, and what `work` raises."""
    done: Future[Done] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            done.set_exception(error)

    threading.Thread(target=run, name="langfuse-evaluation", daemon=True).start()
    try:
        return await asyncio.wait_for(asyncio.wrap_future(done), seconds)
    except TimeoutError as error:
        raise HostFailed(f"the host did not answer within {seconds:.0f} s") from error
