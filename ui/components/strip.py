"""The status strip: the first line of every page."""

from typing import Any

from api.schemas import StatusOut
from ui.components.loader import mount, theme

_HTML = '<div class="ss status" role="status" aria-label="State of the screener"></div>'
_CSS = """.status{display:flex;align-items:center;gap:8px;min-height:34px;border-bottom:1px solid var(--grid);
padding-bottom:8px;flex-wrap:wrap}.it{display:inline-flex;align-items:center;gap:6px;color:var(--mut);white-space:nowrap}
.it b{color:var(--text)}.it b.up{color:var(--up)}.it b.downtone,.downtone{color:var(--down)!important}
.div{width:1px;height:16px;background:var(--line)}.it.warn{color:var(--warn)}.div:first-child{display:none}"""

INTERVAL_MS = {"1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1h": 3_600_000,
               "2h": 7_200_000, "4h": 14_400_000, "6h": 21_600_000, "8h": 28_800_000, "12h": 43_200_000,
               "1d": 86_400_000, "3d": 259_200_000, "1w": 604_800_000}  # fmt: skip
# As in `screener.intervals`: weeks start on Monday, three days count from 1970-01-02.
ORIGIN_MS = {"3d": 86_400_000, "1w": 4 * 86_400_000}


def strip_data(status: StatusOut | None, away: bool, interval: str = "") -> dict[str, Any]:
    """What the strip shows; `away` means that `status` is the last one known, or None.

    It counts down to the next close of `interval`, or else of whichever running strategy's comes first.
    """
    named = (interval,) if interval else status.intervals if status else ()
    coverage = status.coverage if status else None
    return {
        "away": away,
        "simulated": bool(status and status.market == "simulated"),
        "market": status.market.capitalize() if status else "",
        "speed": f"{status.speed:g}" if status else "1",
        "mode": status.mode if status else "paper",
        "symbols": status.symbols if status else 0,
        "fresh": coverage.fresh if coverage else None,
        "late": coverage.late if coverage else 0,
        "after": coverage.seconds_after_close if coverage else 0.0,
        "stale": is_stale(status),
        "market_ms": int(status.market_time.timestamp() * 1000) if status else None,
        "day_percent": status.realised_percent if status else 0.0,
        "limit_percent": status.max_daily_loss_percent if status else 0.0,
        "stopped": bool(status and status.loss_stops_entries),
        "paused": bool(status and status.entries_paused),
        "intervals": [
            {"name": name, "ms": INTERVAL_MS[name], "origin": ORIGIN_MS.get(name, 0)}
            for name in named
            if name in INTERVAL_MS
        ],
        "theme": theme(),
    }


def is_stale(status: StatusOut | None) -> bool:
    """True when the worker is gone, or more than half of the symbols missed the last minute."""
    if status is None:
        return False
    if not status.worker_alive:
        return True
    return status.coverage is not None and (status.coverage.fresh + status.coverage.late) * 2 < status.symbols


def draw(data: dict[str, Any], on_pause: Any) -> Any:
    """Mount the strip; `on_pause` is called when the button was pressed, with `.pause` on or off in the
    state."""
    component = mount("strip", _HTML, _CSS)
    return component(data=data, key="strip", on_pause_change=on_pause)
