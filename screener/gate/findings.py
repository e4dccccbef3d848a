"""What the save gate says: findings, the figures behind them, and how numbers are written in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from screener.engine.replay import ConditionValue

Severity = Literal["blocks", "warns", "info"]
TRUTH: Final = {1: "true", 0: "false", -1: "unknown"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the check found: what it is, what to do, and the text of the condition at fault, if one is."""

    code: str
    severity: Severity
    message: str
    hint: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class GateReport:
    """The findings, gravest first, and the figures behind them.

    `candles` of `symbols` were counted; `sampled_candles` of `sampled_symbols` were replayed again, out of all that
    are held (`held_candles`, `held_symbols`). Shares are 0 to 1: `known_share` of the symbol-candles counted, and
    `true_share` of the known ones. `signals` fall on `days`. `settled_after` is base candles; None: not measured.
    `until` is the newest close, ms UTC.
    """

    findings: tuple[Finding, ...]
    interval: str
    held_symbols: int = 0
    held_candles: int = 0
    symbols: int = 0
    candles: int = 0
    sampled_symbols: int = 0
    sampled_candles: int = 0
    known_share: float = 0.0
    true_share: float = 0.0
    signals: int = 0
    days: float = 0.0
    signals_a_day: float = 0.0
    cuts: int = 0
    settled_after: int | None = None
    until: int | None = None
    milliseconds: float = 0.0

    @property
    def blocks(self) -> bool:
        """Whether it must not be enabled."""
        return any(f.severity == "blocks" for f in self.findings)

    @property
    def warns(self) -> bool:
        """Whether it should be enabled only on a second word."""
        return any(f.severity == "warns" for f in self.findings)


def unchecked(interval: str, why: str) -> GateReport:
    """The report of a filter that could not be tried; `why` is a sentence."""
    finding = Finding("G100", "info", f"Not checked yet: {why}", "The screener starts it all the same.")
    return GateReport((finding,), interval)


def with_finding(report: GateReport, finding: Finding) -> GateReport:
    """The report with one finding more."""
    return replace(report, findings=(*report.findings, finding))


def nearly(a: float | None, b: float | None) -> bool:
    """Whether two values differ by nothing but rounding; unknown is near unknown only."""
    if a is None or b is None:
        return a is b
    return a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def sides_text(value: ConditionValue) -> str:
    """A condition's two sides and its truth: `28.4 < 30 (true)`."""
    shown = ["unknown" if v is None else f"{v:.6g}" for v in (value.left, value.right)]
    truth = {True: "true", False: "false", None: "unknown"}[value.value]
    return f"{shown[0]} {value.op} {shown[1]} ({truth})" if value.op else truth


def moment_text(time_ms: int) -> str:
    """A time (ms UTC) to the minute."""
    return str(np.datetime64(time_ms, "ms"))[:16].replace("T", " ") + " UTC"


def span_text(days: float) -> str:
    """A length of time in days, or in hours where that is short."""
    return f"{days:,.0f} days" if days >= 2 else f"{days * 24:.0f} hours"


def rate_text(a_day: float) -> str:
    """A rate with about two digits."""
    return f"{a_day:,.0f}" if a_day >= 10 else f"{a_day:.1f}" if a_day >= 0.1 else f"{a_day:.2g}"


def percent_text(share: float) -> str:
    """`12.3%`, two digits where it is small."""
    return f"{share:.1%}" if share >= 0.001 else f"{share * 100:.2g}%"


def count_text(number: int, word: str) -> str:
    """`1 symbol`, `1,200 symbols`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
