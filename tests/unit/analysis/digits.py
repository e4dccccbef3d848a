"""Good answers, and the same answers with one digit of one cited number changed."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from analysis.decision import Decision
from analysis.snapshot import Snapshot, build_snapshot

from .conftest import ROWS, make_candles

MARKETS = ((3000.0, "0.01"), (77000.0, "0.1"), (0.4321, "0.0001"), (0.00002345, "0.00000001"), (18.2, "0.001"))
"""Price and tick size of the symbols that the answers are about."""


@dataclass(frozen=True)
class Changed:
    """An answer with one digit changed: in `field`, at `place` (1 is the first significant digit) of `places`."""

    answer: dict[str, Any]
    field: str
    place: int
    places: int


def market(seed: int, direction: str, price: float, tick: str) -> Snapshot:
    """The snapshot of a walk about a price, its candles on the tick."""
    scale = price / 3000.0
    step = Decimal(tick)

    def on_tick(value: float) -> float:
        return float(max(round(Decimal(repr(value * scale)) / step), 1) * step)

    candles = [
        replace(c, open=on_tick(c.open), high=on_tick(c.high), low=on_tick(c.low), close=on_tick(c.close))
        for c in make_candles(seed, 300)
    ]
    return build_snapshot("ETHUSDT", "15m", direction, candles, ROWS, tick_size=step)


def good_answer(snapshot: Snapshot) -> dict[str, Any]:
    """An entry as a careful model gives it: levels from the snapshot, and a text that cites them and indicators."""
    assert snapshot.atr is not None
    sign = 1 if snapshot.direction == "long" else -1
    text = snapshot.text
    stop = text(snapshot.price - sign * 2 * snapshot.atr)
    targets = [text(snapshot.price + sign * k * snapshot.atr) for k in (5, 8)]
    rsi, adx = (snapshot.indicator(name) or 0.0 for name in ("ta.rsi(close, 14)", "ta.adx(14).adx"))
    mean, ratio = (snapshot.indicator(name) or 0.0 for name in ("ta.ema(close, 50)", "ta.volume_ratio(20)"))
    first = {"long": snapshot.supports, "short": snapshot.resistances}[snapshot.direction][0]
    reasoning = (
        f"RSI is at {rsi:.1f} and ADX at {adx:.1f}, volume is {ratio:.2f} times its mean. "
        f"The price {text(snapshot.price)} stands off the EMA 50 at {text(mean)}, and {text(first.price)} "
        f"({first.source}) held. Stop {stop}, targets {targets[0]} and {targets[1]}."
    )
    return {
        "decision": "enter_trade",
        "confidence": 64,
        "reasoning": reasoning,
        "trade_plan": {
            "invalidation": f"A close beyond {stop}.",
            "invalidation_code": f"match = close {'<' if sign > 0 else '>'} {stop}",
        },
        "key_levels": {
            "entry": text(snapshot.price),
            "stop_loss": stop,
            "take_profit": targets,
            "support": [text(level.price) for level in snapshot.supports[:3]],
            "resistance": [text(level.price) for level in snapshot.resistances[:3]],
        },
    }


def changes(answer: dict[str, Any], rng: random.Random) -> Iterator[Changed]:
    """Every digit of every cited number of an answer changed to another, one at a time."""
    levels = answer["key_levels"]
    paths: list[tuple[str, Any, Any]] = [("entry", levels, "entry"), ("stop", levels, "stop_loss")]
    for field, name in (("target", "take_profit"), ("support", "support"), ("resistance", "resistance")):
        paths += [(field, levels[name], i) for i in range(len(levels[name]))]
    for field, holder, key in paths:
        original = holder[key]
        for text, place, places in _changed(original, 0, len(original), rng):
            holder[key] = text
            yield Changed(json.loads(json.dumps(answer)), field, place, places)
        holder[key] = original
    plan = answer["trade_plan"]
    texts: list[tuple[str, Any, str]] = [("text", answer, "reasoning"), ("text", plan, "invalidation")]
    texts.append(("code", plan, "invalidation_code"))
    for field, holder, key in texts:
        original = holder[key]
        # The period of an indicator is no cited value.
        for match in re.finditer(r"(?<!EMA )(?<![\w.])\d+(?:\.\d+)?", original):
            if match[0] in ("50", "14", "20") or re.match(r" touch", original[match.end() :]):
                continue
            for text, place, places in _changed(original, match.start(), match.end(), rng):
                holder[key] = text
                yield Changed(json.loads(json.dumps(answer)), field, place, places)
        holder[key] = original


def _changed(text: str, start: int, end: int, rng: random.Random) -> Iterator[tuple[str, int, int]]:
    digits = [i for i in range(start, end) if text[i].isdigit()]
    leading = next((k for k, i in enumerate(digits) if text[i] != "0"), 0)
    for place, i in enumerate(digits[leading:], 1):
        other = rng.choice([d for d in "0123456789" if d != text[i]])
        yield text[:i] + other + text[i + 1 :], place, len(digits) - leading


def read(answer: dict[str, Any]) -> Decision:
    """The answer as it is read from a model."""
    return Decision.model_validate(answer)
