"""One analysis: a snapshot goes in, a checked decision comes out.

1. A model answers the prompt `analysis.decide`, or the offline analyst answers by rules: always where the filter's own
   stop or target lies on the wrong side of the price, since no answer could make a trade of that. Several answers may
   be asked for, of one model or of several.
2. `analysis.grounding.validate` decides what of each may stand, `analysis.agreement` which of several does.
3. `Analysis` holds the decision that stands, the report, and what was said, as it was said.

A model that fails is no decision: `AnalysisFailed` goes to the caller, and no trade follows from it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from analysis import offline
from analysis.agreement import Opinion, settle
from analysis.decision import Choice, Decision, KeyLevels, TradePlan
from analysis.grounding import GroundingLimits, GroundingReport, validate
from analysis.settings import Style
from analysis.snapshot import Snapshot
from analysis.snapshot_parts import CandleRow
from llm.gateway.budget import CapReached
from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest, Spender, Tier, Total, total
from llm.prompts import compose

OPERATION: Final = "analysis.decide"
OFFLINE_VERSION: Final = "rules 1"


class AnalysisFailed(Exception):
    """The model gave no usable decision; `reason` is for people, `retryable` says whether to ask again.

    Tokens and `cost` (US dollars, None where no price is known) are what was spent all the same, on answers that were
    good too. The cause is that of the failure that another try waits for, a spent budget before a broken line.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool,
        model: str,
        raw: str = "",
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost: float | None = 0.0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.model = model
        self.raw = raw
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost = cost


@dataclass(frozen=True, slots=True)
class StrategyBrief:
    """What a strategy says of itself, for a model to read. A person's text: it is data, never instruction."""

    name: str
    description: str = ""
    conditions: tuple[str, ...] = ()
    instructions: str = ""
    risk: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The brief as plain lines, empty parts left out."""
        parts = [
            ("Name", self.name),
            ("Description", self.description),
            ("Conditions", "; ".join(self.conditions)),
            ("How to trade it", self.instructions),
            ("Risk settings", "; ".join(f"{name} {value}" for name, value in self.risk.items())),
        ]
        return "\n".join(f"{label}: {value}" for label, value in parts if value)


class Analysis(BaseModel):
    """A finished analysis. Prices in the quote asset; `cost` in US dollars, None where no price is known. `asked`: a
    model, not the rules alone.

    `decision` and the levels are what stands after the checks; `raw` is what was answered before them. `opinions` are
    all answers where several were asked for, those that failed too; tokens and cost are of all of them.
    """

    model_config = ConfigDict(frozen=True)

    decision: Choice
    confidence: int
    reasoning: str
    trade_plan: TradePlan
    key_levels: KeyLevels
    grounding: GroundingReport
    raw: dict[str, Any]
    model: str
    latency_ms: float
    input_tokens: int
    output_tokens: int
    cost: float | None
    asked: bool
    prompt_version: str
    snapshot_digest: str
    opinions: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is asked. `asks` answers are wanted, in turn of the model and of `others`, at least one of each.

    `earlier` are the reasonings of this signal's analyses so far, oldest first; `why` says why it is looked at again.
    `timeout_s` is the model's own limit where it is None; `tier` the prompt's own.
    """

    asks: int = 1
    others: tuple[LanguageModel, ...] = ()
    earlier: tuple[str, ...] = ()
    why: str = ""
    style: Style = "balanced"
    tier: Tier | None = None
    timeout_s: float | None = None
    spender: Spender | None = None


async def decide(
    model: LanguageModel | None,
    snapshot: Snapshot,
    strategy: StrategyBrief,
    *,
    limits: GroundingLimits | None = None,
    timeout_s: float | None = None,
    spender: Spender | None = None,
    asking: Asking | None = None,
) -> Analysis:
    """Analyse a signal with `model`, or with the offline analyst when it is None or the filter's own levels allow no
    trade. `spender` pays for it.

    `timeout_s` and `spender` stand before those of `asking`.
    Raises AnalysisFailed when the model does not answer, or not with a decision, or where none of several stands.
    """
    limits, asking = limits or GroundingLimits(), asking or Asking()
    started = perf_counter()
    if model is None or offline.misplaced(snapshot):
        # The same rules would give the same answer however often they are asked.
        proposed = offline.analyse_offline(snapshot, limits, style=asking.style)
        answer = ModelAnswer(proposed, "", offline.NAME, cost=0.0, latency_ms=_elapsed_ms(started))
        opinion = Opinion(answer, *validate(proposed, snapshot, limits))
        return _analysis(opinion, OFFLINE_VERSION, snapshot, asked=False)
    asking = replace(asking, timeout_s=timeout_s or asking.timeout_s, spender=spender or asking.spender)
    request = await _request(snapshot, strategy, limits, asking)
    version = request.prompt_version or ""
    models = (model, *asking.others)
    count = max(asking.asks, len(models))
    if count == 1:
        answer = await _ask(model, request)
        return _analysis(Opinion(answer, *validate(answer.data, snapshot, limits)), version, snapshot)
    # A kept answer would agree with itself: all but each model's first are asked afresh.
    asked = [_try(models[i % len(models)], replace(request, fresh=i >= len(models))) for i in range(count)]
    answers = await asyncio.gather(*asked)
    opinions = [Opinion(a, *validate(a.data, snapshot, limits)) for a in answers if isinstance(a, ModelAnswer)]
    failed = [a for a in answers if isinstance(a, AnalysisFailed)]
    settled = settle(opinions, count)
    if settled is None:
        raise _none_stands(opinions, failed, model.name)
    found = _analysis(settled.opinion, version, snapshot)
    records = [o.record() for o in opinions]
    records += [{"model": f.model, "decision": None, "confidence": None, "error": f.reason} for f in failed]
    return found.model_copy(
        update={
            "confidence": settled.confidence,
            "grounding": found.grounding.model_copy(update={"checks": (*found.grounding.checks, settled.check())}),
            "latency_ms": round(_elapsed_ms(started), 3),
            **_used(opinions, failed)._asdict(),
            "opinions": tuple(records),
        }
    )


def _used(opinions: Sequence[Opinion], failed: Sequence[AnalysisFailed]) -> Total:
    return total([*(o.answer for o in opinions), *failed])


def _none_stands(opinions: Sequence[Opinion], failed: Sequence[AnalysisFailed], model: str) -> AnalysisFailed:
    """Why no decision follows from several answers. What another try may mend stands before what stays as it is."""
    first = min(failed, key=lambda f: (not _capped(f), not f.retryable)) if failed else None
    reasons = "; ".join(dict.fromkeys(f.reason for f in failed))
    if opinions:
        asked = len(opinions) + len(failed)
        reasons = f"{len(opinions)} of {asked} answers want to enter, which is not more than half; " + (
            f"the others failed: {reasons}" if failed else ""
        )
    failure = AnalysisFailed(
        reasons,
        retryable=first is not None and first.retryable,
        model=model,
        **_used(opinions, failed)._asdict(),
    )
    failure.__cause__ = first.__cause__ if first is not None else None
    return failure


def _capped(failed: AnalysisFailed) -> bool:
    """Whether a spent budget stood in the way: it begins anew by itself."""
    return failed.__cause__ is not None and isinstance(failed.__cause__.__cause__, CapReached)


def _analysis(opinion: Opinion, version: str, snapshot: Snapshot, *, asked: bool = True) -> Analysis:
    answer, final = opinion.answer, opinion.final
    return Analysis(
        decision=final.decision,
        confidence=final.confidence,
        reasoning=final.reasoning,
        trade_plan=final.trade_plan,
        key_levels=final.key_levels,
        grounding=opinion.report,
        raw={"text": answer.text, "decision": answer.data.as_json()},
        model=answer.model,
        latency_ms=round(answer.latency_ms, 3),
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cost=answer.cost,
        asked=asked,
        prompt_version=version,
        snapshot_digest=snapshot.digest,
    )


async def _try(model: LanguageModel, request: ModelRequest[Decision]) -> ModelAnswer[Decision] | AnalysisFailed:
    try:
        return await _ask(model, request)
    except AnalysisFailed as failure:
        return failure


async def _ask(model: LanguageModel, request: ModelRequest[Decision]) -> ModelAnswer[Decision]:
    try:
        return await model.complete(request)
    except ModelError as error:
        raise AnalysisFailed(
            error.reason,
            retryable=error.retryable,
            model=error.model,
            raw=error.answer,
            input_tokens=error.input_tokens,
            output_tokens=error.output_tokens,
            cost=error.cost if error.calls else 0.0,
        ) from error


async def _request(
    snapshot: Snapshot, strategy: StrategyBrief, limits: GroundingLimits, asking: Asking
) -> ModelRequest[Decision]:
    shown = snapshot.model_dump(mode="json")
    # Rows instead of objects: a hundred candles cost a third of the tokens.
    shown["candles"] = {"columns": CandleRow._fields, "rows": shown["candles"]}
    shown["table"] = {f"{row.name} on {row.interval}": row.value for row in snapshot.table}
    shown["reference"] = {level.source: level.price for level in snapshot.reference}
    variables: dict[str, object] = {
        "strategy": strategy.text(),
        "snapshot": json.dumps(shown, separators=(",", ":"), allow_nan=False),
        "earlier": "\n".join(f"{i + 1}. {text}" for i, text in enumerate(asking.earlier)),
        "why": asking.why,
        "style": asking.style,
        "interval": snapshot.interval,
        "intervals": ", ".join(snapshot.intervals),
        "direction": snapshot.direction,
        "min_stop_atr": limits.min_stop_atr,
        "max_stop_atr": limits.max_stop_atr,
        "min_reward_risk": limits.min_reward_risk,
        "fee_bps": limits.fee_bps,
    }
    composed = await compose(OPERATION, variables)
    return ModelRequest(
        operation=OPERATION,
        messages=composed.messages,
        schema=Decision,
        variables=variables,
        tier=asking.tier or composed.prompt.tier,
        temperature=composed.prompt.temperature,
        max_tokens=composed.prompt.max_tokens,
        timeout_s=asking.timeout_s,
        prompt_version=composed.version,
        spender=asking.spender,
    )


def _elapsed_ms(started: float) -> float:
    return (perf_counter() - started) * 1000
