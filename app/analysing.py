"""Signals to decisions: the job `analyse_signal` has a signal analysed by model or rules, checked, and stored.

1. `_begin` reads signal and strategy. What is expired, decided or deleted meanwhile needs nothing more.
2. `app.places` bounds what is under way of a strategy and of a model, in this process. Some wait for a place; the rest
   gives way to other strategies' signals, and comes back in turn.
3. `_claim`, with the snapshot at hand, holds a strategy's bound over all processes and makes the signal `analysing`.
   The same request is never made twice: an analysis that answered it before is taken.
4. `_keep` writes analysis and state in one transaction: a worker killed before has done nothing, after it all. One
   whose signal was given to another worker meanwhile, or whose decision comes too late, makes no entry of it.
5. `_failed`: a bad answer was asked again (app.repairs) and leaves the signal in `error`; a broken line is tried later,
   with growing pauses, and a spent budget when it begins anew, while the signal lives. Nothing of it is a trade.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID, uuid4

from analysis import (
    Analysis,
    AnalysisFailed,
    Asking,
    GroundingLimits,
    Snapshot,
    SnapshotError,
    decide,
)
from analysis.monitor import UNSAID, Watch
from analysis.settings import AnalysisSettings, AnalysisSettingsError
from app.bootstrap import tracer
from app.engines import Engines
from app.expiry import deadline
from app.later import Later
from app.places import PlacedModel, Places, Turns
from app.repairs import Repairing
from app.settings import Settings
from app.snapshots import Market as SnapshotMarket
from app.snapshots import as_of, signal_snapshot
from app.spending import real_now
from app.stored import analysis_row, brief_of, failure_row, taken_row
from app.times import at, to_ms
from llm.gateway.budget import CapReached
from llm.models import LanguageModel, Spender
from llm.tracing import NO_SPAN, Span
from market.clock import Clock
from store import analyses, signals, strategies
from store.errors import StateConflict
from store.records import Analysis as StoredAnalysis
from store.records import Signal, SignalStatus, Strategy
from store.session import Connection, Database

E = TypeVar("E", bound=BaseException)

log = logging.getLogger(__name__)
STATUS: dict[str, SignalStatus] = {"enter_trade": "enter", "wait": "wait", "bad_setup": "rejected"}
# How long a job waits at least for other analyses of the same strategy, in seconds.
ROOM_SECONDS: Final = 0.5
# So many jobs wait for a place in this process, and one of each strategy in any case.
MOST_WAITING: Final = 64
# So many of a signal's earlier reasonings are told to the model.
EARLIER: Final = 5
EXAMPLE: Final[Mapping[str, Any]] = {
    "decision": "bad_setup",
    "confidence": 40,
    "reasoning": "...",
    "trade_plan": {"setup": "...", "execution": "...", "invalidation": "..."},
    "key_levels": {"entry": None, "stop_loss": None, "take_profit": [], "support": [], "resistance": []},
}


class Market(SnapshotMarket, Protocol):
    """What an analysis needs of the market."""

    @property
    def clock(self) -> Clock:
        """Market time."""
        ...


@dataclass(frozen=True, slots=True)
class _Case:
    """A signal under analysis, with its strategy as it fired; `deadline` is market time in ms UTC."""

    signal: Signal
    strategy: Strategy
    settings: AnalysisSettings
    deadline: int
    ask: int
    claim: UUID = field(default_factory=uuid4)

    @property
    def key(self) -> str:
        """What its strategy's places go by."""
        return f"strategy {self.strategy.id}"


class Analyser:
    """Has signals analysed, one per call of `analyse`."""

    def __init__(
        self,
        database: Database,
        market: Market,
        model: LanguageModel | None,
        settings: Settings,
        engines: Engines | None = None,
        named: Callable[[Sequence[str]], Sequence[LanguageModel]] = lambda names: (),
        places: Places | None = None,
    ) -> None:
        self._database = database
        self._market = market
        self._settings = settings
        self._places = places or Places()
        self._turns = Turns()
        self._model = self._placed(model) if model is not None else None
        self._engines = engines
        self._named = named
        self._limits = GroundingLimits(fee_bps=float(settings.fee_bps))

    def _placed(self, model: LanguageModel) -> LanguageModel:
        return Repairing(PlacedModel(model, self._places, self._settings.model_concurrency), EXAMPLE)

    async def analyse(self, signal_id: UUID, ask: int = 1) -> None:
        """Analyse a signal; `ask` is above 1 where it waited and is looked at again.

        Does nothing where the signal is past that. Raises Later where the job is to be taken again, StoreError.
        """
        case = await self._begin(signal_id, ask)
        if case is None:
            return
        at_once = case.settings.concurrency
        limits = {case.key: at_once}
        if self._model is not None:
            # A call takes a place of its own; this keeps snapshots from being built long before it.
            limits[f"analyses {self._model.name}"] = self._settings.model_concurrency
        waiting = self._places.waiting(case.key)
        if waiting >= at_once or (waiting and self._places.waiting() >= MOST_WAITING):
            raise Later(self._turn(case), "as many signals of its strategy are before it as may be")
        async with self._places.take(limits):
            if self._late(case):
                await self._expire(case, "It was not analysed in time: others were before it.")
                return
            began = time.monotonic()
            await self._work(case)
            self._turns.took(case.key, time.monotonic() - began)

    def _turn(self, case: _Case) -> float:
        """Seconds until a signal that finds no place is tried again."""
        return max(ROOM_SECONDS, self._turns.next(case.key, case.settings.concurrency))

    async def _begin(self, signal_id: UUID, ask: int) -> _Case | None:
        async with self._database.worker() as conn:
            signal = await signals.to_analyse(conn, signal_id)
            if signal is None:
                return None
            if signal.status == "analysing":
                # Left by a worker that was killed: until it has its place, nobody is at it.
                try:
                    await signals.transition(conn, signal.id, _before(ask), expected=["analysing"])
                except StateConflict:
                    # It expired, or was declined, meanwhile.
                    return None
            strategy = await strategies.as_fired(conn, signal.strategy_id, signal.strategy_version)
            try:
                settings = AnalysisSettings.of(strategy.analysis)
            except AnalysisSettingsError as error:
                await self._to_error(conn, signal, f"The strategy's settings cannot be used: {error}")
                return None
        case = _Case(signal, strategy, settings, deadline(signal.candle_close, signal.interval, strategy.analysis), ask)
        if self._late(case):
            await self._expire(case, "It was not analysed in time.")
            return None
        return case

    async def _work(self, case: _Case) -> None:
        signal, strategy = case.signal, case.strategy
        try:
            snapshot = await self._snapshot(case)
            key = request_key(signal, snapshot)
            earlier = await self._claim(case, key)
            if earlier is None:
                return
            # The strategy's owner pays; a built-in one has none.
            spender = Spender(str(strategy.owner_id) if strategy.owner_id else None, str(strategy.id))
            with self._traced(signal, strategy.owner_id) as span:
                result = await decide(
                    self._model,
                    snapshot,
                    brief_of(strategy),
                    limits=self._limits,
                    asking=Asking(
                        asks=case.settings.asks,
                        others=self._others(case.settings.models),
                        earlier=earlier,
                        why=_why_again(signal) if case.ask > 1 else "",
                        style=case.settings.style,
                        tier=case.settings.tier,
                        timeout_s=self._seconds_left(case),
                        spender=spender,
                    ),
                )
                score(span, result)
        except (SnapshotError, AnalysisFailed) as failure:
            await self._failed(case, failure)
            return
        await self._keep(case, snapshot, result, key, span.trace_id)

    async def _claim(self, case: _Case, key: str) -> tuple[str, ...] | None:
        """Take the signal and return what was said of it before, oldest first; None where it is past that, or was given
        the analysis that answered this request before.

        Raises Later where other processes are at as many signals of its strategy as may be analysed at once.
        """
        async with self._database.worker() as conn:
            if not await signals.has_room(conn, case.signal, case.settings.concurrency):
                raise Later(self._turn(case), "as many signals of its strategy are analysed elsewhere as may be")
            if await signals.claim_one(conn, case.signal.id, case.claim) is None:
                return None
            same = await analyses.by_request(conn, key)
            if same is not None:
                await self._move(conn, case, same)
                return None
            if case.ask == 1:
                return ()
            said = await analyses.of_signal(conn, case.signal.id, limit=EARLIER)
        return tuple(analysis.reasoning for analysis in reversed(said) if analysis.position_id is None)

    def _others(self, names: Sequence[str]) -> tuple[LanguageModel, ...]:
        """The other models that a strategy names, of those that the operator's settings name."""
        return tuple(self._placed(model) for model in self._named(names)) if names and self._model else ()

    async def _snapshot(self, case: _Case) -> Snapshot:
        """What is known as of the signal's candle; of one that waited, as of the newest, its conditions too."""
        signal, code = case.signal, case.strategy.filter_code
        if case.ask > 1:
            now = self._market.clock.now_ms()
            signal = await as_of(self._market, signal, code, now, self._engines)
        return await signal_snapshot(self._market, signal, code, case.settings, self._engines)

    async def _keep(self, case: _Case, snapshot: Snapshot, result: Analysis, key: str, trace_id: str | None) -> None:
        """Store the analysis and move the signal, together; of one that is another worker's now, what it cost."""
        new = analysis_row(case.signal.id, snapshot, result, key, trace_id, at(self._market.clock.now_ms()))
        async with self._database.worker() as conn:
            if await signals.is_claimed(conn, case.signal.id, case.claim):
                await self._move(conn, case, await analyses.insert_once(conn, new))
            elif result.asked:
                await analyses.insert_failure(conn, taken_row(new))

    async def _move(self, conn: Connection, case: _Case, analysis: StoredAnalysis) -> None:
        """Move the signal where its analysis sends it. One that was declined or expired meanwhile stays so, and one
        whose time is up is no entry any more.
        """
        to, reason = STATUS[analysis.decision], _why(analysis)
        if to != "rejected" and self._late(case):
            to, reason = "expired", "The decision came after its time."
        await _unless_moved(signals.transition(conn, case.signal.id, to, expected=["analysing"], reason=reason))

    async def _failed(self, case: _Case, failure: SnapshotError | AnalysisFailed) -> None:
        """Store why there is no analysis, or raise Later where there may still be one."""
        log.warning("%s %s was not analysed: %s", case.signal.symbol, case.signal.id, failure)
        lost = failure_row(case.signal.id, failure) if isinstance(failure, AnalysisFailed) else None
        if lost is not None:
            async with self._database.worker() as conn:
                await analyses.insert_failure(conn, lost)
        reached = _cause(failure, CapReached)
        if reached is not None:
            seconds = (reached.resets - real_now()).total_seconds()
            if self._late(case, seconds):
                await self._expire(case, f"It would not be analysed in time. {failure}")
                return
            await self._postpone(case, str(failure))
            raise Later(seconds, str(failure))
        if isinstance(failure, AnalysisFailed) and failure.retryable:
            if self._late(case):
                await self._expire(case, f"It was not analysed in time. {failure}")
                return
            await self._postpone(case, f"The model did not answer and is asked again: {failure}")
            raise Later(None, str(failure))
        async with self._database.worker() as conn:
            if await signals.is_claimed(conn, case.signal.id, case.claim) or isinstance(failure, SnapshotError):
                await self._to_error(conn, case.signal, str(failure))

    async def _postpone(self, case: _Case, reason: str) -> None:
        """Back to what it was, with why."""
        back = _before(case.ask)
        async with self._database.worker() as conn:
            await _unless_moved(
                signals.transition(conn, case.signal.id, back, expected=["analysing"], reason=reason, claim=case.claim)
            )

    async def _expire(self, case: _Case, reason: str) -> None:
        async with self._database.worker() as conn:
            await _unless_moved(
                signals.transition(
                    conn, case.signal.id, "expired", expected=["new", "wait", "analysing", "error"], reason=reason
                )
            )

    async def _to_error(self, conn: Connection, signal: Signal, reason: str) -> None:
        await _unless_moved(
            signals.transition(conn, signal.id, "error", expected=["new", "wait", "analysing"], reason=reason)
        )

    def _late(self, case: _Case, seconds: float = 0.0) -> bool:
        """Whether the signal is expired in so many seconds of real time."""
        clock = self._market.clock
        return clock.now_ms() + seconds * 1000 * clock.speed >= case.deadline

    def _seconds_left(self, case: _Case) -> float | None:
        """Real seconds for the model to answer, where the deadline comes before the model's own limit."""
        clock = self._market.clock
        left = (case.deadline - clock.now_ms()) / 1000 / clock.speed
        return max(left, 1.0) if left < self._settings.model_timeout else None

    def _traced(self, signal: Signal, owner: UUID | None) -> AbstractContextManager[Span]:
        """The trace of one analysis; the offline analyst asks no model, so there is nothing to trace."""
        if self._model is None:
            return nullcontext(NO_SPAN)
        return tracer().action(
            "analysis.decide",
            user_id=str(owner) if owner else None,
            session_id=str(signal.strategy_id),
            tags=[signal.interval, signal.side],
            input={"signal": str(signal.id), "symbol": signal.symbol, "interval": signal.interval, "side": signal.side},
        )


def request_key(signal: Signal, snapshot: Snapshot) -> str:
    """What is asked: of one strategy version, symbol and candle on one snapshot there is one analysis."""
    parts = (signal.strategy_id, signal.strategy_version, signal.symbol, signal.interval, to_ms(signal.candle_close))
    return ":".join(map(str, ("signal", *parts, snapshot.digest)))


def _before(ask: int) -> SignalStatus:
    """What a signal is before it is analysed."""
    return "new" if ask == 1 else "wait"


def _why_again(signal: Signal) -> str:
    """Why a signal that waited is looked at again, in words, as whoever watches it noted."""
    return Watch.model_validate(signal.watch).why() if signal.watch else UNSAID


def _cause(error: BaseException | None, kind: type[E]) -> E | None:
    """The first error of `kind` that led to `error`."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__
    return error


async def _unless_moved(change: Coroutine[Any, Any, Signal]) -> None:
    """A signal that a person declined meanwhile, or that expired, stays what it is."""
    with suppress(StateConflict):
        await change


def _why(analysis: StoredAnalysis) -> str | None:
    """What is said of a signal that its analysis rejects: what the checks refused, else what the analyst said."""
    refused = "; ".join(str(refusal) for refusal in analysis.refusals)
    return refused or (analysis.reasoning if analysis.decision == "bad_setup" else "") or None


def score(span: Span, result: Analysis) -> None:
    """What the checks found, as the trace's output and scores."""
    report = result.grounding
    span.update(output={"decision": result.decision, "confidence": result.confidence, "reasons": list(report.reasons)})
    span.score("grounded", report.passed, "; ".join(report.reasons) or None)
    span.score("decision", result.decision)
    if report.checks:
        span.score("grounding", sum(check.status != "failed" for check in report.checks) / len(report.checks))
