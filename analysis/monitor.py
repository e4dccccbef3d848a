"""How a signal in `wait` is watched: conditions that the engine checks at each close, and when to ask again.

1. `Watch.begin` takes them from the analysis that said `wait`: its trigger and invalidation as filter code, else the
   close beyond the entry that it waits for, and beyond its stop, which is filter code too.
2. `answers` checks the conditions of all that wait for one close in one pass over the candles held.
3. `Watch.next` notes the answers, and says whether the model is to be asked: one of the two became true, or enough
   candles went by.

A condition that cannot be compiled, or is unknown, never trips; the candles that go by still do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from screener import FilterError, Program, compile_filter
from screener.engine.narrow import Columns
from screener.engine.panel import Panel
from screener.engine.replay import truths
from screener.engine.stepper import CandleSource
from screener.ops import OPS

CHECKS_KEPT: Final = 50
"""So many newest checks of a watch or a position are kept."""
AT_PRICE: Final = 1e-4
"""An entry this near the price, as a fraction of it, is at the price."""
MOST_ASKS: Final = 20
"""A signal is asked about so often, whatever trips."""


Why = Literal["trigger", "invalidation", "every"]
WORDS: Final[Mapping[Why, str]] = {
    "trigger": "the condition that it waited for has become true.",
    "invalidation": "the condition that makes the idea invalid has become true.",
    "every": "some candles have passed, and neither the condition that it waits for nor the one that makes the idea "
    "invalid has become true.",
}
UNSAID: Final = "somebody wants to know again; none of its conditions has become true since."


class WatchCheck(BaseModel):
    """What one close said. `at` is that close in market time, ISO; None is unknown, or no such condition."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    trigger: bool | None = None
    invalidation: bool | None = None


class Asked(BaseModel):
    """That the model is asked again after the close `at`, and why: what became true, or `every`: enough candles."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    why: Why


class Watch(BaseModel):
    """How one signal waits. Times are market time, ISO. `analysis_id` is the analysis that said `wait`; `asks` counts
    the analyses of the signal so far; `candles` the closes since the newest one or since it was asked again, and
    `recheck_at` when that will be at the latest. `held` says whether trigger and
    invalidation were true when last known: only what becomes true trips.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    until: str
    trigger: str | None = None
    invalidation: str | None = None
    analysis_id: str | None = None
    asked_at: str | None = None
    asks: int = 1
    candles: int = 0
    held: tuple[bool, bool] = (False, False)
    recheck_at: str | None = None
    checks: tuple[WatchCheck, ...] = ()
    asked: tuple[Asked, ...] = ()

    @classmethod
    def begin(
        cls,
        analysis_id: str,
        plan: Mapping[str, Any],
        levels: Mapping[str, Any],
        *,
        side: str,
        price: float | None,
        until: str,
        at: str,
        before: Watch | None = None,
    ) -> Watch:
        """The watch after an analysis said `wait` at the close `at`: its trade plan, its key levels, and the `price` it
        saw. `before` is the watch that led to it, whose checks stay.
        """
        entry, stop = _level(levels.get("entry")), _level(levels.get("stop_loss"))
        trigger = _code(plan.get("trigger_code"))
        if trigger is None and entry is not None and price is not None and abs(entry - price) > AT_PRICE * price:
            trigger = _beyond(entry, above=entry > price)
        invalidation = _code(plan.get("invalidation_code"))
        if invalidation is None and stop is not None:
            invalidation = _beyond(stop, above=side == "short")
        return cls(
            until=until,
            trigger=trigger,
            invalidation=invalidation,
            analysis_id=analysis_id,
            asked_at=at,
            asks=before.asks + 1 if before is not None else 1,
            held=(
                before is not None and before.trigger == trigger and before.held[0],
                before is not None and before.invalidation == invalidation and before.held[1],
            ),
            checks=before.checks if before is not None else (),
            asked=before.asked if before is not None else (),
        )

    def why(self) -> str:
        """Why the signal is asked about, as a model is told: the newest reason since the analysis, or none."""
        newest = self.asked[-1] if self.asked else None
        if newest is None or (self.asked_at is not None and _moment(newest.at) <= _moment(self.asked_at)):
            return UNSAID
        return WORDS[newest.why]

    def next(self, at: str, trigger: bool | None, invalidation: bool | None, recheck: int) -> tuple[Watch, Why | None]:
        """The watch after the close `at`, and why the model is asked now, None where it is not. `recheck` is the number
        of candles after which it is asked anyhow.
        """
        why: Why | None = None
        if self.asks < MOST_ASKS:
            if invalidation and not self.held[1]:
                why = "invalidation"
            elif trigger and not self.held[0]:
                why = "trigger"
            elif self.candles + 1 >= recheck:
                why = "every"
        changes = {
            "candles": self.candles + 1 if why is None else 0,
            "held": tuple(o if n is None else n for o, n in zip(self.held, (trigger, invalidation), strict=True)),
            "checks": (*self.checks, WatchCheck(at=at, trigger=trigger, invalidation=invalidation))[-CHECKS_KEPT:],
            "asked": self.asked if why is None else (*self.asked, Asked(at=at, why=why))[-MOST_ASKS:],
        }
        return self.model_copy(update=changes), why


@dataclass(frozen=True, slots=True)
class Question:
    """A condition of one symbol: `code` is a filter program."""

    symbol: str
    code: str


def compiled(code: str, interval: str, symbols: Collection[str]) -> Program | None:
    """The program of a stored condition; None where it does not compile (any more), or needs an open trade."""
    try:
        return compile_filter(code, interval, symbols)
    except FilterError:
        return None


def answers(
    questions: Collection[Question],
    programs: Callable[[str], Program | None],
    panel: Panel,
    interval: str,
    since: int,
    close: int,
) -> dict[Question, dict[int, bool]]:
    """Whether each condition held, by close (ms UTC), on the candles that closed after `since`, up to `close`; closes
    at which it is unknown are left out. Each code is stepped once for all its symbols. `programs` gives the program of
    a code.

    Programs that compare the market's symbols are stepped over all of them, all others over the columns asked for.
    """
    found: dict[Question, dict[int, bool]] = {question: {} for question in questions}
    known = {code: program for code in {q.code for q in questions} if (program := programs(code)) is not None}
    for wide in (False, True):
        chosen = [code for code, program in known.items() if _wide(program) == wide]
        asked = [q for q in questions if q.code in chosen and panel.find(q.symbol) >= 0]
        if not asked:
            continue
        named = {q.symbol for q in asked} | {s for code in chosen for s in _symbols(known[code])}
        columns = sorted(column for symbol in named if (column := panel.find(symbol)) >= 0)
        source: CandleSource = panel if wide else Columns(panel, columns)
        closes, values = truths([known[code] for code in chosen], source, interval, since, close)
        row = {code: number for number, code in enumerate(chosen)}
        for question in asked:
            told = values[row[question.code], :, source.find(question.symbol)].tolist()
            found[question] = {at: value == 1 for at, value in zip(closes.tolist(), told, strict=True) if value >= 0}
    return found


def source_for(program: Program, panel: Panel, symbol: str) -> CandleSource:
    """What of the candles held a program needs that is stepped for one symbol. Raises KeyError for an unknown one."""
    if _wide(program):
        return panel
    named = {panel.index(symbol), *(column for s in _symbols(program) if (column := panel.find(s)) >= 0)}
    return Columns(panel, sorted(named))


def _wide(program: Program) -> bool:
    """Whether a program reads more than its own symbol and those that it names."""
    return any(OPS[node.op].cross or node.op == "external" for node in program.nodes)


def _symbols(program: Program) -> set[str]:
    """The symbols that a program names."""
    return {str(node.params[2]) for node in program.nodes if node.op == "src" and node.params[2]}


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def _code(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _level(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _beyond(price: float, *, above: bool) -> str:
    return f"match = close {'>=' if above else '<='} {price:.12f}".rstrip("0").rstrip(".")
