"""What decisions were worth, from the outcomes of signals: together, and by strategy, decision, model and prompt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.outcomes import PAST_STOP, PAST_TARGET
from analysis.track_record import Calibration, Followed, Lift, calibration, lift
from app.times import to_ms
from store.outcomes import FollowedSignal
from store.records import SignalStatus

GROUP_DRAWS = 500
"""Draws of the bootstrap for a group; all signals together get more."""
NO_DECISION = "not analysed"
WAITING = "still waiting"
# A signal in one of these has no decision that could be right or wrong.
_UNDECIDED: frozenset[SignalStatus] = frozenset({"new", "analysing", "wait", "error"})
_LATE = (PAST_STOP, PAST_TARGET)


@dataclass(frozen=True, slots=True)
class Group:
    """Signals that have something in common. `won` (0 to 1) and the means of the best and the worst on the way, in R,
    are of the entered whose plans `ended`, the ones that `lift` counts; None where none did. `open` signals have a plan
    that is still followed; `id` is the strategy's."""

    name: str
    id: str | None
    signals: int
    open: int
    entered: int
    ended: int
    won: float | None
    mean_mfe_r: float | None
    mean_mae_r: float | None
    lift: Lift


@dataclass(frozen=True, slots=True)
class Summary:
    """Of `signals`, all together and in groups, the largest first. `open` and `invalid` count of all `plans`, `late` of
    the invalid: their stop or target was passed before they could be entered. `limited`: there are more signals."""

    signals: int
    plans: int
    open: int
    invalid: int
    late: int
    limited: bool
    all: Group
    calibration: Calibration
    lift: Lift
    by_strategy: tuple[Group, ...]
    by_decision: tuple[Group, ...]
    by_model: tuple[Group, ...]
    by_prompt_version: tuple[Group, ...]


def summarise(rows: Sequence[FollowedSignal], *, limited: bool = False) -> Summary:
    """The views of these signals; takes a second for some thousands."""
    states = [state for row in rows for state in (row.bare_state, row.model_state) if state is not None]
    overall = lift(_followed(rows))
    return Summary(
        signals=len(rows),
        plans=len(states),
        open=states.count("open"),
        invalid=states.count("invalid"),
        late=sum((row.model_reason in _LATE) + (row.bare_reason in _LATE) for row in rows),
        limited=limited,
        all=_group("all", None, rows, overall),
        calibration=calibration(_followed(rows)),
        lift=overall,
        by_strategy=_groups(rows, lambda row: (row.strategy_name, str(row.strategy_id))),
        by_decision=_groups(rows, lambda row: (_decided(row), None)),
        by_model=_groups(rows, lambda row: (row.model or NO_DECISION, None)),
        by_prompt_version=_groups(rows, lambda row: (row.prompt_version or NO_DECISION, None)),
    )


def _final(row: FollowedSignal) -> Literal["entered", "refused"] | None:
    """What was decided in the end; None where nobody decided, or not yet."""
    if row.decision is None or row.status in _UNDECIDED:
        return None
    return "entered" if row.decision == "enter_trade" else "refused"


def _decided(row: FollowedSignal) -> str:
    if row.decision is not None and _final(row) is not None:
        return row.decision
    return NO_DECISION if row.decision is None or row.status == "error" else WAITING


def _followed(rows: Sequence[FollowedSignal]) -> list[Followed]:
    return [
        Followed(to_ms(row.candle_close), to_ms(row.until), row.confidence or 0, _final(row), row.model_r, row.bare_r)
        for row in rows
    ]


def _groups(
    rows: Sequence[FollowedSignal], key: Callable[[FollowedSignal], tuple[str, str | None]]
) -> tuple[Group, ...]:
    parts: dict[tuple[str, str | None], list[FollowedSignal]] = defaultdict(list)
    for row in rows:
        parts[key(row)].append(row)
    found = [_group(*name, part, lift(_followed(part), draws=GROUP_DRAWS)) for name, part in parts.items()]
    return tuple(sorted(found, key=lambda group: (-group.signals, group.name)))


def _group(name: str, id_: str | None, rows: Sequence[FollowedSignal], of: Lift) -> Group:
    entered = [row for row in rows if _final(row) == "entered"]
    ended = [row for row in entered if row.model_r is not None and row.bare_r is not None]
    return Group(
        name=name,
        id=id_,
        signals=len(rows),
        open=sum("open" in (row.bare_state, row.model_state) for row in rows),
        entered=len(entered),
        ended=len(ended),
        won=_mean([float((row.model_r or 0) > 0) for row in ended]),
        mean_mfe_r=_mean([row.mfe_r for row in ended]),
        mean_mae_r=_mean([row.mae_r for row in ended]),
        lift=of,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
