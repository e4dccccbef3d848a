"""Coverage of the newest minutes: the picture, and what can be said of it in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.schemas import CoverageOut
from ui.components import text
from ui.components.loader import mount, theme

_HTML = """<div class="ss cov"><div class="picture"></div><div class="words cap" aria-live="off"></div></div>"""
_CSS = """.picture{width:100%;cursor:crosshair}.words{min-height:18px;padding-top:2px}svg{display:block}
svg text{font:11px "IBM Plex Sans",sans-serif;fill:var(--mut)}.fresh{fill:var(--up);opacity:.28}
.late{fill:var(--acc)}.stale{fill:var(--warn)}.missing{fill:var(--down)}.after{fill:var(--mut)}.none{fill:var(--surf)}
.marks line{stroke:var(--grid)}.cursor{fill:none;stroke:var(--text);stroke-width:1}"""

LEGEND = (
    ("up", "Fresh", "in when screening started"),
    ("acc", "Late", "came after, screened then"),
    ("warn", "Stale", "quiet for minutes"),
    ("down", "Missing", "gone for longer"),
)
LEAST_SCALE_S = 2.0
FEW = 20


@dataclass(frozen=True)
class Absent:
    """In how many of the minutes shown a symbol was not fresh, and when last."""

    symbol: str
    late: int
    stale: int
    missing: int
    last: datetime


def counts(minute: CoverageOut) -> str:
    """`198 fresh, 2 late`, what is zero left out."""
    parts = [(minute.fresh, "fresh"), (minute.late, "late"), (minute.stale, "stale"), (minute.missing, "missing")]
    return ", ".join(f"{number:,} {name}" for number, name in parts if number or name == "fresh")


def seconds(minute: CoverageOut) -> str:
    """When the minute was screened, and when the last symbol came."""
    line = f"screened {minute.seconds_after_close:.1f} s after the close"
    if minute.late:
        line += f", the last symbol {minute.slowest_seconds:.1f} s after it"
    return line


def summary(minutes: Sequence[CoverageOut]) -> str:
    """A sentence about all minutes; newest first."""
    if not minutes:
        return "No minute has closed yet."
    whole = sum(m.fresh == (m.expected or m.fresh) for m in minutes)
    middle = sorted(m.seconds_after_close for m in minutes)[len(minutes) // 2]
    every = "all symbols" if whole == len(minutes) else f"all symbols in {whole:,} of them"
    return f"{len(minutes):,} minutes, {every} in time; half were screened within {middle:.1f} s of the close."


def worst(minutes: Sequence[CoverageOut], limit: int) -> list[Absent]:
    """Symbols that were not fresh, those that were missing most first; minutes newest first."""
    late: Counter[str] = Counter()
    stale: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for minute in minutes:
        for counter, names in (
            (late, minute.late_symbols),
            (stale, minute.stale_symbols),
            (missing, minute.missing_symbols),
        ):
            counter.update(names)
            for name in names:
                last.setdefault(name, minute.candle_close)
    order = sorted(last, key=lambda name: (-missing[name], -stale[name], -late[name], name))
    return [Absent(name, late[name], stale[name], missing[name], last[name]) for name in order[:limit]]


def picture_data(minutes: Sequence[CoverageOut], slots: int) -> dict[str, Any]:
    """What the picture shows of the newest `slots` minutes; newest first."""
    shown = list(reversed(minutes[:slots]))
    slowest = sorted(m.slowest_seconds or m.seconds_after_close for m in shown)
    # A few minutes that took very long must not flatten the others: they reach the top.
    most = max(LEAST_SCALE_S, 1.5 * slowest[int(len(slowest) * 0.9)] if len(slowest) > FEW else LEAST_SCALE_S)
    every = 30 if slots > 90 else 15
    return {
        "minutes": [
            {
                "t": int(m.candle_close.timestamp()),
                "fresh": m.fresh,
                "late": m.late,
                "stale": m.stale,
                "missing": m.missing,
                "after": m.seconds_after_close,
                "slowest": m.slowest_seconds,
                "mark": text.clock_time(m.candle_close) if text.utc(m.candle_close).minute % every == 0 else "",
                "text": f"{text.clock_time(m.candle_close)} UTC: {counts(m)}; {seconds(m)}",
            }
            for m in shown
        ],
        "slots": slots,
        "most_after": most,
        "scale": f"up to {most:.0f} s",
        "words": summary(minutes[:slots]),
        "label": f"Symbols fresh, late, stale and missing by minute. {summary(minutes[:slots])}",
        "theme": theme(),
    }


def draw(minutes: Sequence[CoverageOut], slots: int) -> None:
    """Mount the picture."""
    mount("coverage", _HTML, _CSS)(data=picture_data(minutes, slots), key="coverage_picture", height=190)


def legend() -> str:
    """What the four states mean, each with its colour."""
    return "".join(
        f'<span class="row nw" style="gap:6px"><span style="width:9px;height:9px;border-radius:2px;background:'
        f'var(--{tone})"></span><span><b>{name}</b> <span class="mut">{meaning}</span></span></span>'
        for tone, name, meaning in LEGEND
    )
