"""Words that choose candles or moments: `tf`, `symbol`, `session`, `hour("zone")`, `ticker`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from screener.intervals import INTERVAL_MS, LENGTH_MS
from screener.language import habits
from screener.language.binding import interval_fits
from screener.language.values import Scope, Value
from screener.vocabulary.formula import Term, percent_change

if TYPE_CHECKING:
    from screener.language.expressions import Expressions

TICKER: Final = ("change_pct", "high", "low", "volume", "quote_volume")
"""What `ticker` has."""

_KEYWORDS: Final = ("interval", "symbol", "zone")
# Names of zones begin with a capital; other files stand beside them in the folders of the system.
_ZONE: Final = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")


def _one_text(ex: Expressions, node: ast.Call, name: str, example: str) -> str | None:
    args = [*node.args, *(k.value for k in node.keywords if k.arg in _KEYWORDS)]
    if any(k.arg not in _KEYWORDS for k in node.keywords):
        args = []
    if name == "tf" and len(args) == 1 and isinstance(args[0], ast.Constant) and type(args[0].value) is int:
        ex.fail(node, "F013", "tf takes a text", habits.interval_hint(str(args[0].value)[:8], LENGTH_MS))
        return None
    if len(args) != 1 or not isinstance(args[0], ast.Constant) or not isinstance(args[0].value, str):
        ex.fail(node, "F013", f"{name} takes one text", f'write {name}("{example}")')
        return None
    return args[0].value


def tf(ex: Expressions, node: ast.Call, scope: Scope) -> Scope | None:
    """`tf("1h")`: the candles of an interval."""
    label = _one_text(ex, node, "tf", "1h")
    if label is None or not interval_fits(ex, node, label):
        return None
    return Scope(label, scope.symbol)


def symbol(ex: Expressions, node: ast.Call, scope: Scope) -> Scope | None:
    """`symbol("BTCUSDT")`: the candles of another symbol."""
    name = _one_text(ex, node, "symbol", "BTCUSDT")
    if name is None:
        return None
    if ex.symbols is not None and name not in ex.symbols:
        plain = "".join(c for c in name.upper() if c.isalnum())
        near = next((c for c in (plain, f"{plain}USDT", f"{plain}T") if c in ex.symbols), None)
        hint = f"did you mean '{near}'?" if near else ex.did_you_mean(name, ex.symbols)
        hint = hint or 'symbols are written like "BTCUSDT"'
        ex.fail(node, "F020", f"unknown symbol '{name[:30]}'", hint)
        return None
    if not name.isalnum() or len(name) > 30:
        ex.fail(node, "F020", f"'{name[:30]}' is not a symbol", 'symbols are written like "BTCUSDT"')
        return None
    if ex.symbols is None:
        ex.warn(node, "W103", f"without a market it is not known whether '{name}' exists", "")
    return Scope(scope.interval, name)


def zone_exists(zone: str) -> bool:
    """Whether a time zone of that name is known."""
    if len(zone) > 40 or _ZONE.fullmatch(zone) is None:
        return False
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone(ex: Expressions, node: ast.AST, zone: str) -> bool:
    if zone_exists(zone):
        return True
    ex.fail(node, "F014", f"unknown time zone '{zone[:40]}'", 'such as "America/New_York" or "UTC"')
    return False


def zoned(ex: Expressions, node: ast.Call, part: str, scope: Scope) -> Value | None:
    """`hour("America/New_York")`: a part of the open time in a zone."""
    zone = _one_text(ex, node, part, "America/New_York")
    if zone is None or not _zone(ex, node, zone):
        return None
    return ex.add(node, "time", (), (part, scope.interval, zone))


def _clock(text: str) -> int | None:
    """Minutes of a clock time such as 09:30."""
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isascii() and minute.isascii() and hour.isdigit() and minute.isdigit()):
        return None
    if len(hour) > 2 or len(minute) != 2 or int(hour) > 24 or int(minute) > 59:
        return None
    return int(hour) * 60 + int(minute)


def session(ex: Expressions, node: ast.Call) -> Value | None:
    """`session("09:30-16:00", "America/New_York")`: whether the candle opens within these hours."""
    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    usage = 'write session("09:30-16:00", "America/New_York")'
    if len(texts) != len(node.args) or not 1 <= len(texts) <= 2 or node.keywords:
        ex.fail(node, "F013", "session takes hours and a time zone", usage)
        return None
    start_text, _, end_text = texts[0].partition("-")
    start, end = _clock(start_text), _clock(end_text)
    zone = texts[1] if len(texts) == 2 else "UTC"
    if start is None or end is None or start == end:
        ex.fail(node, "F014", f"'{texts[0][:20]}' is not a session", usage)
        return None
    if not _zone(ex, node, zone):
        return None

    def part(name: str) -> Term:
        return Term(ex.graph, ex.graph.add("time", (), (name, ex.scope.interval, zone)))

    now = part("hour") * 60.0 + part("minute")
    after, before = now >= float(start), now < float(end)
    found = after & before if start < end else after | before
    ex.english.note(found.node, f"the time is within {texts[0]} in {zone}")
    return ex.series(found.node, node)


def ticker(ex: Expressions, node: ast.Attribute, scope: Scope, name: str) -> Value | None:
    """`ticker.high`: the last 24 hours, from closed candles."""
    if name not in TICKER:
        names = ", ".join(f"ticker.{n}" for n in TICKER)
        ex.fail(node, "F017", f"ticker has no '.{name}'", f"there are {names}")
        return None
    if INTERVAL_MS["1d"] % INTERVAL_MS[ex.base]:
        ex.fail(node, "F019", f"24 hours are not made of {ex.base} candles", "use tf or change(x, n)")
        return None
    n = INTERVAL_MS["1d"] // INTERVAL_MS[ex.base]

    def of(field: str) -> Term:
        return Term(ex.graph, ex.graph.add("src", (), (field, ex.base, scope.symbol)))

    if name == "change_pct":
        term = percent_change(of("close"), n)
        ex.percents.add(term.node)
    elif name in ("high", "low"):
        term = of(name).op("rmax" if name == "high" else "rmin", n)
    else:
        term = of(name).op("rsum", n)
    word = {"change_pct": "change in percent", "quote_volume": "quote volume"}.get(name, name)
    owner = f"{scope.symbol}'s " if scope.symbol else "the "
    ex.english.note(term.node, f"{owner}24-hour {word}")
    return ex.series(term.node, node)
