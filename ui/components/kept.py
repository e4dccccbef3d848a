"""Stored strategies as the pages show them: state in words, what they are at, and their definition to send again."""

from typing import Any

from api.schemas import AnalysisSettingsOut, FilterReport, StrategyActivityOut, StrategyIn, StrategyOut
from ui import session
from ui.caller import ApiError
from ui.components import text
from ui.components.drafts import MAX_NAME, Draft

# Word and tag of each state, in the order of the filter.
STATES = {
    "enabled": ("Enabled", "enter"),
    "paused": ("Paused", "wait"),
    "draft": ("Draft", "bad"),
    "failed": ("Failed", "ungr"),
}


def state(strategy: StrategyOut) -> str:
    """One of `STATES`: it runs, it ran and was paused, it never ran, or it was switched off for its errors."""
    if strategy.state == "failed":
        return "failed"
    if strategy.enabled:
        return "enabled"
    return "draft" if strategy.enabled_at is None else "paused"


def tag(strategy: StrategyOut) -> tuple[str, str]:
    """Word and class of its state; one that was enabled a moment ago is filling its history."""
    if strategy.enabled and strategy.state == "warming":
        return "Warming up", "run"
    return STATES[state(strategy)]


def says(strategy: StrategyOut) -> str:
    """The sentence it was written from, or else what it does."""
    return strategy.prompt or strategy.description or strategy.reading


def shared(strategy: StrategyOut) -> str:
    """Whose it is where it is not one's own."""
    return "built in" if strategy.built_in else ""


def definition(strategy: StrategyOut, **changes: Any) -> StrategyIn:
    """All that defines it, as a draft to send, with `changes`; of its analysis only what is not the default."""
    default = AnalysisSettingsOut().model_dump(mode="json")
    now = strategy.analysis.model_dump(mode="json") if strategy.analysis else {}
    fields = {
        "name": strategy.name,
        "description": strategy.description,
        "prompt": strategy.prompt,
        "direction": strategy.direction,
        "interval": strategy.interval,
        "filter_code": strategy.filter_code,
        "conditions": strategy.conditions,
        "instructions": strategy.instructions,
        "indicators": strategy.indicators,
        "risk": strategy.risk,
        "analysis": {name: value for name, value in now.items() if value != default[name]},
        "trigger": strategy.trigger,
        "symbols": strategy.symbols,
        "evaluate": strategy.evaluate,
    }
    return StrategyIn.model_validate({**fields, **changes})


def copy_name(name: str, taken: set[str]) -> str:
    """A name for a copy that no other strategy has."""
    number = 1
    while True:
        mark = " (copy)" if number == 1 else f" (copy {number})"
        if (made := name[: MAX_NAME - len(mark)] + mark) not in taken:
            return made
        number += 1


def draft(strategy: StrategyOut, report: FilterReport | None = None) -> Draft:
    """It as a draft; with a report of its code, as the read-back shows it."""
    return Draft(
        sentence=strategy.prompt,
        code=strategy.filter_code,
        interval=strategy.interval,
        direction=strategy.direction,
        name=strategy.name,
        conditions=strategy.conditions,
        trigger=strategy.trigger,
        evaluate=strategy.evaluate,
        report=report,
        shown=report if report is not None and report.ok else None,
    )


def read_back(strategy: StrategyOut) -> Draft:
    """It as a draft with the report of its code; without one while the API is away."""
    try:
        report = session.api().compile(
            strategy.filter_code,
            strategy.interval,
            sentence=strategy.prompt,
            direction=strategy.direction,
            evaluate=strategy.evaluate,
        )
    except ApiError:
        return draft(strategy)
    return draft(strategy, report)


def goes_on(at: StrategyActivityOut | None) -> list[str]:
    """What of a strategy that does not run goes on all the same, in sentences."""
    if at is None:
        return []
    lines = []
    if at.open_positions:
        lines.append(
            f"{_count(at.open_positions, 'open position')} of it {_verb(at.open_positions, 'go')} on: stop, target, "
            "the filter’s own exit and the decisions on them work as before."
        )
    if at.undecided:
        waits = f", {at.to_approve} of them for you," if at.to_approve else ""
        lines.append(
            f"{_count(at.undecided, 'signal')} still {_verb(at.undecided, 'wait')} for a decision{waits} and may "
            "become a position, until the time for that is over."
        )
    if at.entering:
        lines.append(f"{_count(at.entering, 'approved entry', 'approved entries')} of it may still be carried out.")
    return lines


def lost(at: StrategyActivityOut | None) -> list[str]:
    """What goes with a strategy that is deleted, and what stays, in sentences."""
    if at is None:
        return ["Its signals go with it, with their analyses and their part of the track record. Positions stay."]
    lines = []
    if at.signals:
        its = f"Its {at.signals:,} signals go" if at.signals > 1 else "Its signal goes"
        lines.append(f"{its} with it, with the analyses and that part of the track record.")
    else:
        lines.append("It has no signals.")
    if waits := at.undecided + at.entering:
        lines.append(f"{_count(waits, 'signal')} that may still become a position {_verb(waits, 'be')} dropped.")
    if at.open_positions:
        lines.append(
            f"{_count(at.open_positions, 'open position')} of it {_verb(at.open_positions, 'stay')}: stop and target "
            "work as before, the filter’s own exit and the decisions on them end."
        )
    return lines


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _verb(number: int, verb: str) -> str:
    one = {"go": "goes", "be": "is"}.get(verb, verb + "s")
    return one if number == 1 else {"be": "are"}.get(verb, verb)


def age(at: StrategyActivityOut | None) -> tuple[str, str]:
    """How long ago its newest signal was, and when."""
    if at is None or at.last_signal is None:
        return "·", "no signal yet"
    seconds = (session.market_now() - text.utc(at.last_signal)).total_seconds()
    return text.age(seconds), f"{text.day_and_time(at.last_signal)} UTC"
