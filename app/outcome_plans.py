"""The plans of a signal that are followed, and what each may start from.

1. `bare`: the strategy's multiples of ATR(14) from the close of the signal's own candle, whatever was decided on it.
2. `model`: the analysis' stop and first target, from the first minute after the decision stood.
3. Both are entered at their first minute's open (analysis.outcomes), so that neither trades at a price that was gone,
   and end after the strategy's `max_hold_candles`. A plan that cannot be made is `invalid`, with the reason.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import numpy as np
from pydantic import ValidationError

from analysis import levels
from analysis.following import Start
from app.times import at, to_ms
from llm.schemas import Risk
from screener.intervals import interval_ms, open_of
from store.outcomes import Due, NewOutcome, Outcome, Plan
from store.records import Json

MINUTE_MS = 60_000


def risk_of(stored: Json) -> Risk:
    """A strategy's risk settings; what is missing, or is none, is the default."""
    try:
        return Risk.model_validate(stored)
    except ValidationError:
        return Risk.model_validate({})


def opened(due: Due, close: int) -> list[NewOutcome]:
    """The plans of a signal that are to be followed from now on; `close` is the newest minute's (ms UTC)."""
    found = [] if due.has_bare else [_bare(due, close)]
    if not due.has_model and (model := _model(due)) is not None:
        found.append(model)
    return found


def start(outcome: NewOutcome | Outcome) -> Start:
    """Where to go on with an open plan."""
    assert outcome.entry is not None and outcome.stop is not None
    best, worst, filled = (
        (outcome.mfe_r, outcome.mae_r, outcome.filled) if isinstance(outcome, Outcome) else (None, None, None)
    )
    return Start(
        key=key_of(outcome.signal_id, outcome.plan),
        symbol=outcome.symbol,
        side=outcome.side,
        entry=float(outcome.entry),
        stop=float(outcome.stop),
        target=float(outcome.targets[0]),
        since=to_ms(outcome.last_candle),
        until=to_ms(outcome.until),
        best_r=best or 0.0,
        worst_r=worst or 0.0,
        begun=to_ms(outcome.opened_at),
        filled=float(filled) if filled is not None else None,
    )


def key_of(signal_id: object, plan: Plan) -> str:
    """The name under which a plan is followed; `str.split("/")` gives both back."""
    return f"{signal_id}/{plan}"


def _bare(due: Due, close: int) -> NewOutcome:
    risk = risk_of(due.risk)
    # A candle that had not closed when it fired: the trade would have been entered then.
    since = min(to_ms(due.candle_close), close)
    numbers = np.array([[np.nan if v is None else float(v) for v in row[2:5]] for row in due.candles]).reshape(-1, 3)
    atr = levels.atr(*numbers[np.isfinite(numbers).all(axis=1)].T)
    sign = 1 if due.side == "long" else -1
    entry = float(due.price)
    if atr is None or atr <= 0:
        return _new(due, "bare", since, entry, None, [], "it came with too few candles for an ATR")
    stop, target = entry - sign * risk.stop_atr * atr, entry + sign * risk.target_atr * atr
    return _new(due, "bare", since, entry, stop, [target])


def _model(due: Due) -> NewOutcome | None:
    given = due.key_levels or {}
    stop, targets = given.get("stop_loss"), [t for t in given.get("take_profit") or [] if t is not None]
    if stop is None or not targets:
        return None
    # Decisions of a time when theirs was not kept: they came soon after the candle.
    moment = to_ms(due.decided_at or due.candle_close)
    since = open_of(moment + MINUTE_MS - 1, "1m")
    return _new(due, "model", since, float(given.get("entry") or due.price), float(stop), [float(t) for t in targets])


def _new(
    due: Due,
    plan: Literal["model", "bare"],
    since: int,
    entry: float,
    stop: float | None,
    targets: list[float],
    problem: str | None = None,
) -> NewOutcome:
    until = since + risk_of(due.risk).max_hold_candles * interval_ms(due.interval)
    if problem is None:
        assert stop is not None
        problem = Start("", due.symbol, due.side, entry, stop, targets[0], since, until).plan.problem()
    return NewOutcome(
        signal_id=due.id,
        plan=plan,
        analysis_id=due.analysis_id if plan == "model" else None,
        symbol=due.symbol,
        interval=due.interval,
        side=due.side,
        entry=_price(entry),
        stop=_price(stop),
        targets=[price for t in targets if (price := _price(t)) is not None],
        opened_at=at(since),
        until=at(until),
        last_candle=at(since),
        state="open" if problem is None else "invalid",
        reason=problem,
        closed_at=None if problem is None else at(since),
    )


def _price(value: float | None) -> Decimal | None:
    """A price as it is kept; None for what is none."""
    return Decimal(repr(value)) if value is not None and np.isfinite(value) and value > 0 else None
