"""The words and codes of a decision, number by number: what they cite must be in the snapshot or the plan."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict

from analysis.citations import DIGITS, Cited, Known, numbers_in
from analysis.codes import CodeRefused, read_code, without_indicators
from analysis.decision import Decision
from analysis.snapshot import Snapshot

Status = Literal["ok", "flagged", "failed"]


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
    a distance or ratio that does not follow from them. `reward_risk` is the computed one."""
    words = decision.trade_plan
    checks: dict[str, Check] = {}
    # The filter's own conditions may be quoted with whatever numbers they hold.
    quoted = [row.text for row in snapshot.conditions if any(c.isalpha() for c in row.text)]
    for text in (decision.reasoning, words.setup, words.execution, words.invalidation):
        for condition in quoted:
            text = text.replace(condition, " ")
        for cited in numbers_in(text, known):
            check = _looked_up(cited, snapshot, known, reward_risk)
            # The same number may be right in one place and wrong in another.
            if check.message not in checks:
                checks[check.message] = check
    return list(checks.values())


def _looked_up(cited: Cited, snapshot: Snapshot, known: Known, reward_risk: float | None) -> Check:
    number = cited.number
    if math.isnan(number.value):
        return Check(name="text", status="failed", message=f"The text says {number.text}, which cannot be read.")
    if cited.unit and not cited.about:
        scale = {"atr": snapshot.atr or 0.0, "percent": snapshot.price / 100}.get(cited.unit, 0.0)
        right = known.distance(number, scale) or known.find(cited) is not None
        if cited.unit == "ratio":
            right = right or (reward_risk is not None and abs(number.value - reward_risk) <= 0.1)
        if right or number.decimals == 0:
            return Check(
                name="text", status="ok", message=f"The text's {number.text} was computed.", cited=number.value
            )
        return Check(
            name="text",
            status="flagged",
            message=f"The text says {number.text}, which could not be computed from the snapshot.",
            cited=number.value,
        )
    where = known.find(cited)
    if where is not None:
        message = f"The text's {number.text} is {where}."
        return Check(name="text", status="ok", message=message, cited=number.value)
    of = f" of {cited.about}" if cited.about else ""
    return Check(
        name="text",
        status="failed",
        message=f"The text says {number.text}{of}, which is in no list of the snapshot.",
        cited=number.value,
        stored=known.closest(number.value),
    )


def check_codes(decision: Decision, snapshot: Snapshot, known: Known) -> tuple[dict[str, str | None], list[Check]]:
    """The codes that stand, and their checks. An unknown price in a code counts as a cited one."""
    plan = decision.trade_plan
    kept: dict[str, str | None] = {}
    checks: list[Check] = []
    for name, code in (("trigger", plan.trigger_code), ("invalidation", plan.invalidation_code)):
        kept[f"{name}_code"] = None
        if code is None:
            continue
        try:
            text, _ = read_code(code, snapshot.interval, snapshot.intervals)
        except CodeRefused as refused:
            checks.append(Check(name=name, status="flagged", message=f"The {name}'s code was dropped: {refused}"))
            continue
        unknown = [
            c.number
            for c in numbers_in(without_indicators(text), known)
            if (known.near(c.number.value) or c.number.digits >= DIGITS) and known.any_price(c.number) is None
        ]
        for number in unknown:
            message = f"The {name}'s code says {number.text}, which is in no list of the snapshot."
            status: Status = "failed" if decision.decision == "enter_trade" else "flagged"
            checks.append(Check(name=name, status=status, message=message, cited=number.value))
        if not unknown:
            kept[f"{name}_code"] = text
            checks.append(Check(name=name, status="ok", message=f"The {name}'s code compiles."))
    return kept, checks
