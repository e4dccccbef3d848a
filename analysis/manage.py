"""One look at an open position: a model or the rules propose, `analysis.positions.judge` decides what stands.

A model that fails leaves the position to the rules, with the reason said: nothing that is open goes unattended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import perf_counter
from typing import Any, Final, Literal

from analysis import Check
from analysis.decide import StrategyBrief
from analysis.decision import Decision
from analysis.known import Known
from analysis.positions import (
    MIN_STOP_ATR,
    RULES_NAME,
    RULES_VERSION,
    Holding,
    PositionDecision,
    Ruling,
    by_rules,
    judge,
)
from analysis.prose import check_text
from analysis.settings import Style
from analysis.snapshot import Snapshot
from broker.rules import SymbolRules
from broker.types import plain
from llm.models import LanguageModel, ModelError, ModelRequest, Spender, Tier
from llm.prompts import compose

OPERATION: Final = "analysis.manage"
EARLIER_SHOWN: Final = 5

Why = Literal["invalidation", "every", "close"]
WORDS: Final[Mapping[Why, str]] = {
    "invalidation": "the condition that makes the idea invalid has become true.",
    "every": "some candles have passed since the last decision.",
    "close": "a candle has closed.",
}


@dataclass(frozen=True, slots=True)
class Managed:
    """A decision about a position as it stands, and how it came to be. Cost in US dollars, None where no price is
    known, latency in milliseconds. `asked`: a model was, though the rules may have had to decide.

    `cited` are the numbers of a model's words, each looked up; unknown ones are pointed out and refuse nothing, since
    no answer can add risk, and a way out is never barred.
    """

    ruling: Ruling
    proposed: PositionDecision
    reasoning: str
    model: str
    prompt_version: str
    raw: Mapping[str, Any]
    cited: tuple[Check, ...] = ()
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    asked: bool = False


async def manage(
    model: LanguageModel | None,
    held: Holding,
    snapshot: Snapshot,
    strategy: StrategyBrief,
    rules: SymbolRules,
    *,
    why: Why,
    earlier: Sequence[str] = (),
    style: Style = "balanced",
    tier: Tier | None = None,
    timeout_s: float | None = None,
    spender: Spender | None = None,
    unasked: str = "",
) -> Managed:
    """Decide about an open position with `model`, or by the rules where it is None, fails or is not to be asked, for
    which `unasked` is the reason, a sentence.

    `style` is how readily the strategy risks something; `earlier` are the reasons of former decisions, oldest first.
    Never raises for what a model does.
    """
    started = perf_counter()
    if model is None or unasked:
        return _ruled(held, snapshot, rules, started, unasked=unasked)
    variables: dict[str, object] = {
        "strategy": strategy.text(),
        "earlier": "\n".join(earlier[-EARLIER_SHOWN:]) or "Nothing was written down.",
        "position": json.dumps(_facts(held), separators=(",", ":")),
        "snapshot": json.dumps(snapshot.model_dump(mode="json"), separators=(",", ":"), allow_nan=False),
        "symbol": snapshot.symbol,
        "interval": snapshot.interval,
        "direction": snapshot.direction,
        "why": WORDS[why],
        "min_stop_atr": MIN_STOP_ATR,
        "style": style,
    }
    composed = await compose(OPERATION, variables)
    request = ModelRequest(
        operation=OPERATION,
        messages=composed.messages,
        schema=PositionDecision,
        variables=variables,
        tier=tier or composed.prompt.tier,
        temperature=composed.prompt.temperature,
        max_tokens=composed.prompt.max_tokens,
        timeout_s=timeout_s,
        prompt_version=composed.version,
        spender=spender,
    )
    try:
        answer = await model.complete(request)
    except ModelError as error:
        return _ruled(held, snapshot, rules, started, error)
    return Managed(
        ruling=judge(answer.data, held, rules, snapshot.atr),
        proposed=answer.data,
        reasoning=answer.data.reasoning,
        model=answer.model,
        prompt_version=composed.version,
        raw={"text": answer.text, "decision": answer.data.as_json()},
        cited=_cited(answer.data, held, snapshot),
        latency_ms=round(answer.latency_ms or (perf_counter() - started) * 1000, 3),
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cost=answer.cost,
        asked=True,
    )


def _ruled(
    held: Holding,
    snapshot: Snapshot,
    rules: SymbolRules,
    started: float,
    error: ModelError | None = None,
    unasked: str = "",
) -> Managed:
    proposed = by_rules(held, snapshot)
    failure = f"{unasked} " if unasked else ""
    if error is not None:
        failure = f"The model gave no usable decision ({error.reason}), so rules decided. "
    return Managed(
        ruling=judge(proposed, held, rules, snapshot.atr),
        proposed=proposed,
        reasoning=failure + proposed.reasoning,
        model=RULES_NAME,
        prompt_version=RULES_VERSION,
        raw={"text": "" if error is None else error.answer, "decision": proposed.as_json()},
        latency_ms=round((perf_counter() - started) * 1000, 3),
        input_tokens=0 if error is None else error.input_tokens,
        output_tokens=0 if error is None else error.output_tokens,
        cost=0.0 if error is None or not error.calls else error.cost,
        asked=error is not None,
    )


def _cited(proposed: PositionDecision, held: Holding, snapshot: Snapshot) -> tuple[Check, ...]:
    """Every number of the words, looked up in the snapshot, the position and the levels proposed."""
    own: dict[str, float | None] = {
        "the entry": float(held.entry),
        "the stop": None if held.stop is None else float(held.stop),
        "the first stop": None if held.initial_stop is None else float(held.initial_stop),
        "break-even": float(held.break_even),
        "the best price": float(held.best),
        "the stop proposed": proposed.stop,
    }
    own |= {f"target {i + 1}": float(t) for i, t in enumerate(held.targets)}
    own |= {f"target {i + 1} proposed": t for i, t in enumerate(proposed.targets)}
    known = Known(snapshot, {name: price for name, price in own.items() if price is not None})
    said = Decision(decision="wait", confidence=0, reasoning=proposed.reasoning)
    found = check_text(said, snapshot, known, None)
    return tuple(c.model_copy(update={"status": "flagged"}) if c.status == "failed" else c for c in found)


def _facts(held: Holding) -> dict[str, Any]:
    """The position as shown to a model."""

    def shown(price: Decimal | None) -> float | None:
        return None if price is None else float(price)

    return {
        "direction": held.direction.value,
        "entry": shown(held.entry),
        "price": shown(held.price),
        "stop": shown(held.stop),
        "first_stop": shown(held.initial_stop),
        "targets": [float(t) for t in held.targets],
        "quantity": plain(held.quantity),
        "opened_quantity": plain(held.initial_quantity),
        "break_even": shown(held.break_even),
        "profit_r": held.in_r(held.price),
        "best_r": held.in_r(held.best),
        "candles_since_entry": held.candles,
        "opened_because": held.thesis,
        "invalid_when": held.invalidation,
        "invalid_now": held.invalidated,
    }
