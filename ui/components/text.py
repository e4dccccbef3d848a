"""Numbers, ages and small pieces of HTML, the same on every page.

Numbers carry fixed decimals per symbol and, for profit, always a sign; the minus is U+2212 so that columns
align. Everything that goes into HTML passes through `esc` first.
"""

from datetime import UTC, datetime
from decimal import Decimal
from html import escape

Number = float | Decimal

DECISIONS: dict[str, tuple[str, str]] = {
    "enter_trade": ("Enter", "enter"),
    "wait": ("Wait", "wait"),
    "bad_setup": ("Bad setup", "bad"),
    "ungrounded": ("Ungrounded", "ungr"),
}
STATES: dict[str, tuple[str, str]] = {
    "new": ("New", "run"),
    "analysing": ("Analysing", "run"),
    "enter": ("Enter", "enter"),
    "wait": ("Wait", "wait"),
    "rejected": ("Bad setup", "bad"),
    "approved": ("Approved", "enter"),
    "ordered": ("Ordered", "enter"),
    "in_position": ("In position", "enter"),
    "declined": ("Declined", "bad"),
    "blocked": ("Blocked", "ungr"),
    "expired": ("Expired", "bad"),
    "closed": ("Closed", "bad"),
    "error": ("No analysis", "ungr"),
}
TO_DECIDE = frozenset({"enter"})
WAITING = frozenset({"new", "analysing", "wait"})
IN_POSITION = frozenset({"approved", "ordered", "in_position"})
SETTLED = frozenset({"rejected", "declined", "blocked", "expired", "closed", "error"})


def esc(value: str) -> str:
    """Text made safe for markup and attributes."""
    return escape(value, quote=True)


def number(value: Number, decimals: int) -> str:
    """`1,234.50` with a true minus sign."""
    return f"{value:,.{decimals}f}".replace("-", "−")


def signed(value: Number, decimals: int = 2) -> str:
    """`+1.20`, `−0.30`; zero has no sign."""
    text = f"{value:+,.{decimals}f}".replace("-", "−")
    return text[1:] if not any(digit in text for digit in "123456789") else text


def price_decimals(price: Number) -> int:
    """Decimals to show for a price when no tick size is known: about six significant digits."""
    size = abs(float(price))
    for limit, decimals in ((1000.0, 2), (100.0, 2), (10.0, 3), (1.0, 4), (0.1, 5), (0.01, 6)):
        if size >= limit:
            return decimals
    return 8


def price(value: Number | None, like: Number | None = None) -> str:
    """A price with the decimals of `like` (or its own)."""
    if value is None:
        return "·"
    return number(value, price_decimals(value if like is None else like))


def quantity(value: Number) -> str:
    """A quantity without trailing zeros."""
    text = f"{value:,.8f}".rstrip("0").rstrip(".")
    return text or "0"


def plain(value: Number) -> str:
    """An indicator value: four significant digits, more for prices, millions (`12.35M`) from a million on."""
    size = abs(float(value))
    for limit, letter in ((1e9, "B"), (1e6, "M")):
        if size >= limit:
            return number(float(value) / limit, 2) + letter
    if size >= 1000:
        return number(value, 2)
    if size >= 100:
        return number(value, 1)
    return format(Decimal(f"{float(value):.4g}"), "f").replace("-", "−")


def brief(count: int) -> str:
    """A count in few letters: `734`, `1.2k`, `48k`."""
    if count < 1_000:
        return str(count)
    return f"{count / 1_000:.1f}k" if count < 9_950 else f"{count / 1_000:.0f}k"


def age(seconds: float) -> str:
    """`42 s`, `7m`, `1h 07m`, `3d 4h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 24:
        return f"{hours}h {minutes % 60:02d}m"
    return f"{hours // 24}d {hours % 24}h"


def utc(moment: datetime) -> datetime:
    """The moment in UTC; a naive one is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def clock_time(moment: datetime) -> str:
    """`10:15`, UTC."""
    return utc(moment).strftime("%H:%M")


def day_and_time(moment: datetime) -> str:
    """`18 Apr 10:15`, UTC."""
    moment = utc(moment)
    return f"{moment.day} {moment:%b %H:%M}"


def tone(value: Number) -> str:
    """CSS class of a profit."""
    return "up" if value > 0 else "down" if value < 0 else "mut"


def icon(name: str, size: int = 16, cls: str = "") -> str:
    """A Material symbol; decorative, so hidden from screen readers."""
    return f'<span class="ic {cls}" style="font-size:{size}px" aria-hidden="true">{esc(name)}</span>'


def tag(label: str, kind: str) -> str:
    """A rounded decision tag."""
    return f'<span class="tag {kind}">{esc(label)}</span>'


def decision_tag(status: str, decision: str | None) -> tuple[str, str]:
    """Words and class for a signal: its state when that says more, else what the analysis decided."""
    if decision and status in ("new", "analysing", "rejected") and decision != "enter_trade":
        return DECISIONS.get(decision, (decision.replace("_", " ").capitalize(), "bad"))
    return STATES.get(status, (status.replace("_", " ").capitalize(), "run"))


def banner(kind: str, symbol: str, title: str, text: str = "") -> str:
    """A banner of kind `warn`, `error` or `info`; `title` is bold."""
    return (
        f'<div class="banner {kind}" role="status">{icon(symbol, 18)}<span><b>{esc(title)}</b> {esc(text)}</span></div>'
    )
