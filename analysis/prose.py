"""The words of a decision, number by number: what they cite must be in the snapshot, or the plan's own and called so.

A percentage must be in the snapshot or follow from it. Distances in ATR and ratios that do not follow are pointed out,
and so is a small whole number of which the words do not say what it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from analysis.citations import numbers_in
from analysis.codes import CodeRefused, numbers_of, prices_in, read_code
from analysis.decision import Decision
from analysis.known import DIGITS, Cited, Known, Number, Role
from analysis.snapshot import Snapshot

Status = Literal["ok", "flagged", "failed"]
MOST_TIMES: Final = 20
"""A multiple, or a distance in ATR, from so many up that does not follow from the snapshot is made up."""


class Check(BaseModel):
    """One check: what was cited, what is stored (or the limit), and how it ended."""

    model_config = ConfigDict(frozen=True)

    name: str
    status: Status
    message: str
    cited: float | None = None
    stored: float | None = None


def check_text(decision: Decision, snapshot: Snapshot, known: Known, reward_risk: float | None) -> list[Check]:
    """Every number that the text cites: `failed` where the snapshot and the plan do not have it, `flagged` where it is
    a distance or ratio that does not follow from them, or may count something. `reward_risk` is the computed one."""
    words = decision.trade_plan
    checks: dict[str, Check] = {}
    # The filter's own conditions may be quoted with whatever numbers they hold.
    quoted = [row.text for row in snapshot.conditions if any(c.isalpha() for c in row.text)]
    texts = ((decision.reasoning, False), (words.setup, False), (words.execution, False), (words.invalidation, True))
    for text, stop in texts:
        for condition in quoted:
            text = text.replace(condition, " ")
        for cited in numbers_in(text, known, stop=stop):
            check = _looked_up(cited, snapshot, known, reward_risk)
            # The same number may be right in one place and wrong in another.
            if check.message not in checks:
                checks[check.message] = check
    return list(checks.values())


def _looked_up(cited: Cited, snapshot: Snapshot, known: Known, reward_risk: float | None) -> Check:
    number = cited.number

    def check(status: Status, message: str, stored: float | None = None) -> Check:
        return Check(name="text", status=status, message=message, cited=number.value, stored=stored)

    if math.isnan(number.value):
        return Check(name="text", status="failed", message=f"The text says {number.text}, which cannot be read.")
    if cited.threshold:
        return _compared(cited, known, check)
    if cited.unit and (not cited.about or known.find(cited) is None) and _computed(cited, snapshot, known, reward_risk):
        return check("ok", f"The text's {number.text} was computed.")
    if cited.unit and not cited.about:
        made_up = cited.unit == "percent" or abs(number.value) >= MOST_TIMES
        message = f"The text says {number.text}, which could not be computed from the snapshot."
        return check("failed" if made_up else "flagged", message)
    where = known.find(cited)
    if where is not None:
        return check("ok", f"The text's {number.text} is {where}.")
    if cited.loose:
        return check("flagged", f"The text's {number.text} is in no list of the snapshot; it is taken for a count.")
    of = f" of {cited.about}" if cited.about else ""
    message = f"The text says {number.text}{of}, which is in no list of the snapshot."
    return check("failed", message, known.closest(number.value))


def _computed(cited: Cited, snapshot: Snapshot, known: Known, reward_risk: float | None) -> bool:
    """Whether a number with a unit follows from the snapshot and the plan."""
    number = cited.number
    match cited.unit:
        case "percent":
            away = not cited.about and known.distance(number, snapshot.price / 100)
            return away or (cited.about in ("", "volume_ratio") and known.is_percent(cited))
        case "atr":
            return known.distance(number, snapshot.atr or 0.0)
        case "bps":
            return known.distance(number, snapshot.price / 1e4) or known.find(cited) is not None
        case _:
            pays = reward_risk is not None and abs(number.value - reward_risk) <= 0.1
            return pays or known.find(cited) is not None


def _compared(cited: Cited, known: Known, check: Callable[[Status, str], Check]) -> Check:
    """An indicator that is said to be above or below a threshold: whether it is."""
    said = f"{cited.about} {cited.side} {cited.number.text}"
    if known.holds(cited):
        return check("ok", f"The text says {said}, and so it is.")
    return check("failed" if cited.firm else "flagged", f"The text says {said}, which it is not.")


def check_codes(decision: Decision, snapshot: Snapshot, known: Known) -> tuple[dict[str, str | None], list[Check]]:
    """The codes that stand, and their checks. An unknown price in a code counts as a cited one; of the plan's own, the
    entry may stand in the trigger, the stop in the invalidation.
    """
    plan = decision.trade_plan
    kept: dict[str, str | None] = {}
    checks: list[Check] = []
    codes: tuple[tuple[str, str | None, Role], ...] = (
        ("trigger", plan.trigger_code, "entry"),
        ("invalidation", plan.invalidation_code, "stop"),
    )
    for name, code, role in codes:
        kept[f"{name}_code"] = None
        if code is None:
            continue
        try:
            text, program = read_code(code, snapshot.interval, snapshot.intervals)
        except CodeRefused as refused:
            checks.append(Check(name=name, status="flagged", message=f"The {name}'s code was dropped: {refused}"))
            continue
        written = {n for n in numbers_of(text) if known.near(n) or Number.of(n).digits >= DIGITS}
        numbers = [Number.of(n) for n in sorted(written | prices_in(program))]
        unknown = [n for n in numbers if known.any_price(n, (role,)) is None]
        for number in unknown:
            message = f"The {name}'s code says {number.text}, which is in no list of the snapshot."
            status: Status = "failed" if decision.decision == "enter_trade" else "flagged"
            checks.append(Check(name=name, status=status, message=message, cited=number.value))
        if not unknown:
            kept[f"{name}_code"] = text
            checks.append(Check(name=name, status="ok", message=f"The {name}'s code compiles."))
    return kept, checks
