"""Signals to decisions: each new signal is claimed, analysed by model or rules, checked, and stored.

The claim (`analysing`) is in the database and outlives a kill: a signal whose analysis died is taken again. A model
that fails leaves the signal in `error` with the reason, never a trade.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from analysis import Analysis, AnalysisFailed, GroundingLimits, SnapshotError, StrategyBrief, build_snapshot, decide
from app.bootstrap import tracer
from app.settings import Settings
from app.times import to_ms
from llm.models import LanguageModel, Spender
from llm.tracing import NO_SPAN, Span
from market.clock import Clock
from market.types import Candle, Price, SymbolInfo
from store import analyses, signals, strategies
from store.records import NewAnalysis, Signal, SignalStatus
from store.session import Database

log = logging.getLogger(__name__)
CANDLES = 500
AT_ONCE = 4
STATUS: dict[str, SignalStatus] = {"enter_trade": "enter", "wait": "wait", "bad_setup": "rejected"}


class Market(Protocol):
    """What an analysis needs of the market."""

    @property
    def clock(self) -> Clock:
        """Market time."""
        ...

    infos: dict[str, SymbolInfo]

    @property
    def prices(self) -> Mapping[str, Price]:
        """Last prices by symbol."""
        ...

    def candles(self, symbol: str, interval: str, limit: int) -> list[Candle]:
        """Closed candles of a symbol, oldest first."""
        ...


class Analyser:
    """Works off new signals, a few at a time."""

    def __init__(self, database: Database, market: Market, model: LanguageModel | None, settings: Settings) -> None:
        self._database = database
        self._market = market
        self._model = model
        self._limits = GroundingLimits(fee_bps=float(settings.fee_bps))

    async def work(self) -> int:
        """Analyse what is new; returns how many signals were taken."""
        async with self._database.worker() as conn:
            taken = await signals.claim_for_analysis(conn, limit=AT_ONCE)
        await asyncio.gather(*(self._analyse(signal) for signal in taken))
        return len(taken)

    async def _analyse(self, signal: Signal) -> None:
        async with self._database.worker() as conn:
            strategy = await strategies.get(conn, signal.strategy_id)
        candles = candles_of(signal, self._market.candles(signal.symbol, signal.interval, CANDLES))
        info = self._market.infos.get(signal.symbol)
        price = self._market.prices.get(signal.symbol)
        try:
            snapshot = build_snapshot(
                signal.symbol,
                signal.interval,
                signal.side,
                candles,
                signal.conditions,
                price=price.price if price is not None else None,
                levels_set=signal.indicators,
                tick_size=info.tick_size if info is not None else Decimal(0),
                forming=signal.provisional,
            )
            brief = StrategyBrief(
                strategy.name,
                strategy.description,
                tuple(str(c) for c in strategy.conditions),
                strategy.instructions,
            )
            # The strategy's owner pays; a built-in one has none.
            spender = Spender(str(strategy.owner_id) if strategy.owner_id else None, str(strategy.id))
            with self._traced(signal, strategy.owner_id) as span:
                result = await decide(self._model, snapshot, brief, limits=self._limits, spender=spender)
                score(span, result)
        except (SnapshotError, AnalysisFailed) as failure:
            log.warning("%s %s was not analysed: %s", signal.symbol, signal.id, failure)
            async with self._database.worker() as conn:
                await signals.transition(conn, signal.id, "error", expected=["analysing"], reason=str(failure))
            return
        async with self._database.worker() as conn:
            await analyses.insert(
                conn,
                NewAnalysis(
                    decision=result.decision,
                    confidence=result.confidence,
                    model=result.model,
                    signal_id=signal.id,
                    reasoning=result.reasoning,
                    trade_plan=result.trade_plan.model_dump(mode="json"),
                    key_levels=result.key_levels.model_dump(mode="json"),
                    indicators=dict(snapshot.indicators),
                    grounding=result.grounding.model_dump(mode="json"),
                    refusals=list(result.grounding.reasons),
                    snapshot=snapshot.model_dump(mode="json"),
                    snapshot_hash=snapshot.digest,
                    raw_answer=json.dumps(result.raw),
                    prompt_version=result.prompt_version,
                    latency_ms=result.latency_ms,
                    input_tokens=result.input_tokens,
                    output_tokens=result.output_tokens,
                    cost=Decimal(str(result.cost or 0)),
                    trace_id=span.trace_id,
                ),
            )
            await signals.transition(
                conn,
                signal.id,
                STATUS[result.decision],
                expected=["analysing"],
                reason="; ".join(result.grounding.reasons) or None,
            )

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


def score(span: Span, result: Analysis) -> None:
    """What the checks found, as the trace's output and scores."""
    report = result.grounding
    span.update(output={"decision": result.decision, "confidence": result.confidence, "reasons": list(report.reasons)})
    span.score("grounded", report.passed, "; ".join(report.reasons) or None)
    span.score("decision", result.decision)
    if report.checks:
        span.score("grounding", sum(check.status != "failed" for check in report.checks) / len(report.checks))


def candles_of(signal: Signal, held: Sequence[Candle]) -> list[Candle]:
    """The candles up to a signal's own, of those `held`; a provisional signal's own is the one it was fired on."""
    close = to_ms(signal.candle_close)
    if not (signal.provisional and signal.candles):
        return [c for c in held if c.close_time <= close]
    open_time, *numbers = signal.candles[-1]
    first, high, low, last, volume = (math.nan if n is None else float(n) for n in numbers)
    unknown = (math.nan, math.nan, math.nan, math.nan)
    own = Candle(signal.symbol, signal.interval, int(open_time), first, high, low, last, volume, *unknown)
    return [*(c for c in held if c.open_time < own.open_time), own]
