"""Durable background work: jobs are taken from the database's queue and done in the worker's process.

1. `HANDLERS`: a job's name and the coroutine that does it, which gets the worker's parts and the job's arguments.
   Whatever a killed worker left is done again from the beginning, so a handler must find what it had done.
2. `Jobs.run` takes jobs of each queue (`QUEUES`), as many at a time as stand there. A job starts at once: the
   database tells of it (LISTEN); where that is lost, within a second.
3. A handler that raises `Later` (app.later) is called again then; one that raises a StoreError, with growing pauses.
   Any other failure ends the job as `failed`, with its traceback in the log. A job's `attempts` count what broke, not
   what it waited for.
4. `_rescue` puts back jobs of workers that died: their hearts have not beaten for `stalled_after` seconds. Jobs that
   failed are kept for a week.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import procrastinate
from procrastinate import exceptions, jobs
from procrastinate.job_context import JobContext, JobResult
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.worker import Worker as QueueWorker
from psycopg import AsyncConnection
from psycopg.errors import RaiseException

from app.later import Later
from store.errors import InvalidRow, NotAllowed, NotFound, StoreError
from store.session import heed_cancellation, step_down

if TYPE_CHECKING:
    from analysis.manage import Why
    from app.worker import Worker

log = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[None]]
"""Called with the worker's parts and the job's arguments by name."""

QUEUES: Final[Mapping[str, int]] = {"analysis": 256, "positions": 8, "watches": 4, "ledger": 2}
"""The queues, and how many jobs of each a process has under way. Analyses that wait for a place of their strategy or
model count, of which only some do (app.analysing). What asks no model, as a filter's own exit, waits for none that do:
`watches`."""

POLL_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 1.0
STALLED_SECONDS: Final = 5.0
SHUTDOWN_SECONDS: Final = 3.0
KEEP_HOURS: Final = 7 * 24
PRUNE_SECONDS: Final = 3600.0
# Pauses after failures that may pass, in seconds: the last one again and again.
_PAUSES: Final = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)


async def _analyse_signal(worker: Worker, *, signal_id: str, ask: int = 1) -> None:
    await worker.analyser.analyse(UUID(signal_id), ask)


async def _follow_outcomes(worker: Worker, *, interval: str, close: int) -> None:
    await worker.ledger.on_minute(close)


async def _watch_waits(worker: Worker, *, interval: str, close: int) -> None:
    await worker.monitor.watch(interval, close)


async def _watch_positions(worker: Worker, *, interval: str, close: int) -> None:
    await worker.manager.holdings.watch(interval, close)


async def _manage_position(worker: Worker, *, position_id: str, close: int, why: Why) -> None:
    await worker.manager.manage(UUID(position_id), close, why)


HANDLERS: Final[dict[str, Handler]] = {
    "analyse_signal": _analyse_signal,
    "follow_outcomes": _follow_outcomes,
    "watch_waits": _watch_waits,
    "watch_positions": _watch_positions,
    "manage_position": _manage_position,
}


class Jobs:
    """Runs the queue's jobs in this process, with `parts` for the handlers."""

    def __init__(
        self,
        dsn: str,
        parts: Worker,
        handlers: Mapping[str, Handler] = HANDLERS,
        *,
        queues: Mapping[str, int] = QUEUES,
        stalled_after: float = STALLED_SECONDS,
    ) -> None:
        self._queues = queues
        self._stalled_after = stalled_after
        connector = procrastinate.PsycopgConnector(
            conninfo=dsn,
            min_size=1,
            max_size=6,
            timeout=10.0,
            configure=_as_worker,
            kwargs={"application_name": "screener-jobs", "connect_timeout": 5},
        )
        self._app = procrastinate.App(connector=connector)
        self._workers: dict[str, _QueueWorker] = {}
        self._unknown: set[int] = set()
        for name, handler in handlers.items():
            self._app.task(name=name, retry=_Retries())(_bound(handler, parts))

    async def run(self) -> None:
        """Take jobs until cancelled; then what is under way gets a moment to end, and the rest goes back."""
        parts: list[asyncio.Task[None]] = []
        try:
            await self._app.open_async()
            heed_cancellation()
            parts += [asyncio.create_task(self._work(queue, number)) for queue, number in self._queues.items()]
            parts.append(asyncio.create_task(self._rescue()))
            ended, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in ended:
                part.result()
        finally:
            # Once each: a second cancellation would break off a queue's orderly end, and leave its jobs running.
            for part in parts:
                part.cancel()
            for worker in self._workers.values():
                # One that did not hear of its cancellation, see heed_cancellation.
                worker.stop()  # type: ignore[no-untyped-call] # so in the package
            await asyncio.gather(*parts, return_exceptions=True)
            # Also where opening was cancelled: a pool that nobody closes outlives its cancellation, and the process.
            await self._app.close_async()

    async def _work(self, queue: str, number: int) -> None:
        """One queue's worker; it ends when the database is away, and is made anew."""
        while True:
            heed_cancellation()
            worker = _QueueWorker(
                self._app,
                queues=[queue],
                name=queue,
                concurrency=number,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=SHUTDOWN_SECONDS,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=self._stalled_after,
            )
            self._workers[queue] = worker
            try:
                await worker.run()  # type: ignore[no-untyped-call] # so in the package
            except exceptions.ConnectorException as error:
                log.warning("queue %s: the database does not answer: %s", queue, error)
            await asyncio.sleep(POLL_SECONDS)

    async def forget(self, hours: int = KEEP_HOURS) -> None:
        """Delete jobs that failed or were given up more than so many hours ago."""
        await self._app.job_manager.delete_old_jobs(
            hours, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def _rescue(self) -> None:
        """Put back what dead workers left, and what a living one could not report as done; forget what is old."""
        pruned: float | None = None
        while True:
            heed_cancellation()
            try:
                if pruned is None or time.monotonic() - pruned > PRUNE_SECONDS:
                    await self.forget()
                    pruned = time.monotonic()
                stalled = await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._stalled_after)
                lost = await self._lost()
                here = {number for worker in self._workers.values() for number in worker.under_way}
                # A process that is held up beats late; what it has under way it need not take from itself.
                for job in [*(job for job in stalled if job.id not in here), *lost]:
                    await self._put_back(job)
            except exceptions.ConnectorException as error:
                log.warning("jobs of dead workers were not looked for: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    async def _lost(self) -> list[jobs.Job]:
        """Jobs that are ours by the database and not under way here, twice in a row."""
        found: list[jobs.Job] = []
        for worker in self._workers.values():
            if worker.worker_id is not None:
                mine = await self._app.job_manager.list_jobs_async(status="doing", worker_id=worker.worker_id)
                found += [job for job in mine if job.id not in worker.under_way]
        seen, self._unknown = self._unknown, {job.id for job in found if job.id is not None}
        return [job for job in found if job.id in seen]

    async def _put_back(self, job: jobs.Job) -> None:
        try:
            await self._app.job_manager.retry_job(job)
        except exceptions.UniqueViolation:
            # The same work was queued again meanwhile, and waits for this one's end.
            await self._app.job_manager.finish_job(job, jobs.Status.ABORTED, delete_job=True)
        log.info("%s of a worker that ended is taken up again", job.call_string)
        for worker in self._workers.values():
            worker.wake()


class _QueueWorker(QueueWorker):
    """The package's worker, which misses no notification and says what it is at."""

    _told = 0

    @property
    def under_way(self) -> set[int]:
        """Ids of the jobs that run."""
        return {context.job.id for context in self._running_jobs.values() if context.job.id is not None}

    def wake(self) -> None:
        """Look for jobs now."""
        self._new_job_event.set()

    async def _handle_notification(self, *, channel: str, notification: jobs.Notification) -> None:
        self._told += 1
        await super()._handle_notification(channel=channel, notification=notification)

    async def _persist_job_status(
        self,
        job: jobs.Job,
        status: jobs.Status,
        retry_decision: RetryDecision | None,
        context: JobContext,
        job_result: JobResult | None,
    ) -> None:
        """As the package's, which counts every return as an attempt: what was only put off is taken out again. A job
        that somebody else took meanwhile, because this process was late to say that it lives, is theirs to end."""
        if isinstance(retry_decision, _PutOff):
            await self.app.connector.execute_query_async(_NOT_COUNTED, id=job.id)
        try:
            await super()._persist_job_status(job, status, retry_decision, context, job_result)
        except exceptions.ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):
                raise
            self.logger.warning("%s was taken by another worker meanwhile", job.call_string)

    def _log_job_outcome(
        self,
        status: jobs.Status,
        context: JobContext,
        job_result: JobResult | None,
        job_retry: exceptions.JobRetry | None,
        exc_info: bool | BaseException = False,
    ) -> None:
        """As the package's, for which a job that is to be called again later has failed, with its traceback."""
        if isinstance(exc_info, Later):
            self.logger.debug("%s comes back: %s", context.job.call_string, exc_info)
            return
        super()._log_job_outcome(status, context, job_result, job_retry, exc_info)

    async def _fetch_and_process_jobs(self) -> None:
        """As the package's, which forgets what it is told while it fetches: then it looks once more."""
        while not self._stop_event.is_set():
            told = self._told
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call] # so in the package
            if told == self._told:
                return


_NOT_COUNTED = "update procrastinate_jobs set attempts = attempts - 1 where id = %(id)s and status = 'doing'"


class _PutOff(RetryDecision):
    """When a job is taken again that did not fail."""


# What another try does not mend, unless the row was just being written: given up after a few.
_HOPELESS = (InvalidRow, NotAllowed, NotFound)
_HOPELESS_TRIES = 3


class _Retries(BaseRetryStrategy):
    """When a job that raised is taken again."""

    def get_retry_decision(self, *, exception: BaseException, job: jobs.Job) -> RetryDecision | None:
        """At the time that `Later` says; at once where the worker stops; later where something was away."""
        if isinstance(exception, Later) and exception.at is not None:
            return _PutOff(retry_at=exception.at)
        if isinstance(exception, asyncio.CancelledError | exceptions.JobAborted):
            return _PutOff(retry_at=datetime.now(UTC))
        if isinstance(exception, _HOPELESS) and job.attempts >= _HOPELESS_TRIES:
            log.error("%s %s is given up: %s", job.task_name, job.task_kwargs, exception)
            return None
        if isinstance(exception, Later | StoreError):
            pause = _PAUSES[min(max(job.attempts, 0), len(_PAUSES) - 1)]
            return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=pause))
        return None


def _bound(handler: Handler, parts: Worker) -> Callable[..., Awaitable[None]]:
    async def run(**args: Any) -> None:
        await handler(parts, **args)

    return run


async def _as_worker(connection: AsyncConnection[Any]) -> None:
    """Leave a privileged login; the queue's tables are found, and may be used, by background work only.

    Taking and ending a job does not wait for the disk: what a crash of the database forgets of it is done again, and
    finds what it had done.
    """
    await connection.set_autocommit(True)
    await step_down(connection)
    await connection.execute("set role screener_worker")
    await connection.execute("set search_path = jobs, pg_temp")
    await connection.execute("set synchronous_commit = off")
