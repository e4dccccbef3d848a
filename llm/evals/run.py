"""Running an evaluation: cases answered some at a time, scored and stored one by one.

1. Workers ask `task.answer` for a case each; whatever that raises is the case's result, never the end of the run.
2. Meanwhile what was answered is scored in a thread, one after another, and handed to `keep` and the sinks.
3. `stop`, or a model that fails `GIVE_UP` times in a row, ends the asking; what was answered by then is still scored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from llm.evals.results import CaseResult, EvalRun, RunInfo, Spent
from llm.evals.sink import EvalSink, SinkCase

log = logging.getLogger(__name__)
GIVE_UP: Final = 8
"""Failures of the model in a row after which no more cases are asked."""


class Identified(Protocol):
    """A case; ids are unique in a dataset."""

    @property
    def id(self) -> str: ...


Case = TypeVar("Case", bound=Identified)
Asked = TypeVar("Asked", bound=Identified, contravariant=True)
Answer = TypeVar("Answer")


class Unanswered(Exception):
    """The model itself failed; the message says how. `spent` is what its calls took until then."""

    def __init__(self, reason: str, spent: Spent) -> None:
        super().__init__(reason)
        self.spent = spent


class Task(Protocol[Asked, Answer]):
    """What is evaluated: how a case is asked and how its answer is scored."""

    async def answer(self, case: Asked) -> Answer:
        """The model's answer to one case. Raises Unanswered where the model fails."""
        ...

    def score(self, case: Asked, answer: Answer) -> CaseResult:
        """Score an answer; runs in a thread, one at a time."""
        ...

    def failed(self, case: Asked, error: str, spent: Spent) -> CaseResult:
        """The result of a case that could not be answered or scored."""
        ...

    def shown(self, case: Asked) -> SinkCase:
        """The case as a dataset shows it."""
        ...


async def evaluate(
    task: Task[Case, Answer],
    cases: Sequence[Case],
    info: RunInfo,
    *,
    concurrency: int = 4,
    kept: Sequence[CaseResult] = (),
    keep: Callable[[CaseResult], None] | None = None,
    sinks: Sequence[EvalSink] = (),
    totals: Callable[[EvalRun], dict[str, float]] | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: asyncio.Event | None = None,
) -> EvalRun:
    """Ask and score every case that is not among `kept`, and give all results, in the order of `cases`.

    `keep` gets each new result as it comes, `progress` how many are done of how many, the sinks at the end `totals` of
    the run. Setting `stop` ends the run with what was answered. A sink that fails is logged and told no more.
    """
    run = _Run(task, cases, kept, keep, list(sinks), progress)
    await run.tell(lambda sink: sink.begin(info, [task.shown(case) for case in cases]))
    scorer = asyncio.create_task(run.score_all())
    workers = [asyncio.create_task(run.work()) for _ in range(max(1, concurrency))]
    stopping = asyncio.create_task((stop or asyncio.Event()).wait())
    done = asyncio.gather(*workers, return_exceptions=True)
    try:
        waiting: set[asyncio.Future[Any]] = {done, stopping}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            run.stopped = "stopped before its end"
    finally:
        stopping.cancel()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        run.answered.put_nowait(None)
    await scorer
    ended = EvalRun(
        info=info,
        results=tuple(run.results[case.id] for case in cases if case.id in run.results),
        finished_at=datetime.now(UTC),
        stopped=run.stopped,
    )
    await run.tell(lambda sink: sink.end(ended, totals(ended) if totals else {}))
    return ended


class _Run(Generic[Case, Answer]):
    """The state of one run."""

    def __init__(
        self,
        task: Task[Case, Answer],
        cases: Sequence[Case],
        kept: Sequence[CaseResult],
        keep: Callable[[CaseResult], None] | None,
        sinks: list[EvalSink],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._task = task
        self._count = len(cases)
        self.results = {result.id: result for result in kept}
        self._todo = iter([case for case in cases if case.id not in self.results])
        self._keep = keep
        self._sinks = sinks
        self._progress = progress
        self._failures = 0
        self.answered: asyncio.Queue[tuple[Case, Answer] | CaseResult | None] = asyncio.Queue()
        self.stopped: str | None = None

    async def work(self) -> None:
        """Ask one case after another until none is left, or the model has failed too often."""
        for case in self._todo:
            if self._failures >= GIVE_UP:
                self.stopped = f"the model failed {GIVE_UP} times in a row"
                return
            try:
                answer = await self._task.answer(case)
            except Unanswered as error:
                self._failures += 1
                self.answered.put_nowait(self._task.failed(case, str(error), error.spent))
            except Exception as error:  # noqa: BLE001 - whatever a translator does is its result
                self.answered.put_nowait(self._task.failed(case, f"{type(error).__name__}: {error}", Spent()))
            else:
                self._failures = 0
                self.answered.put_nowait((case, answer))
            # A model that answers without waiting would leave no turn to the scorer and to whoever stops the run.
            await asyncio.sleep(0)

    async def score_all(self) -> None:
        """Score what was answered, as it comes, until the end is put into the queue."""
        while (item := await self.answered.get()) is not None:
            result = item if isinstance(item, CaseResult) else await asyncio.to_thread(self._scored, *item)
            self.results[result.id] = result
            if self._keep is not None:
                self._keep(result)
            await self.tell(lambda sink, result=result: sink.case(result))  # type: ignore[misc]
            if self._progress is not None:
                self._progress(len(self.results), self._count)

    async def tell(self, call: Callable[[EvalSink], Awaitable[None]]) -> None:
        """Tell each sink; one that fails is dropped."""
        for sink in list(self._sinks):
            try:
                await call(sink)
            except Exception as error:  # noqa: BLE001 - a sink is somebody else's service
                log.warning("the evaluation is no longer told to %s: %s", type(sink).__name__, error)
                self._sinks.remove(sink)

    def _scored(self, case: Case, answer: Answer) -> CaseResult:
        try:
            return self._task.score(case, answer)
        except Exception as error:  # noqa: BLE001 - a program that the engine cannot run is a result too
            return self._task.failed(case, f"cannot be scored: {type(error).__name__}: {error}", Spent())
