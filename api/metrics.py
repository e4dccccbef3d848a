"""Prometheus' text format, of what the worker tells and what this process counts.

A metric is a row of `_ROWS`: where its number stands in the worker's status. What the status does not have is left out,
so that a number that is not known is absent and not zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.prices import PriceBoard

_ROWS: Final = (
    ("screener_symbols_screened", "gauge", "Symbols of the screened market.", ("symbols",)),
    ("screener_market_time_seconds", "gauge", "Market time.", ("market_time",)),
    ("screener_minute_close_seconds", "gauge", "Close of the newest minute.", ("coverage", "candle_close")),
    (
        "screener_minute_screened_after_seconds",
        "gauge",
        "Market seconds from the newest minute's close to its screening.",
        ("coverage", "seconds_after_close"),
    ),
    (
        "screener_minute_slowest_seconds",
        "gauge",
        "Market seconds from the newest minute's close to its last symbol.",
        ("coverage", "slowest_seconds"),
    ),
    ("screener_holes", "gauge", "Ranges of candles known to be missing.", ("holes",)),
    ("screener_reconnects_total", "counter", "Streams of the exchange opened again after they ended.", ("reconnects",)),
    ("screener_minutes_skipped_total", "counter", "Minutes filled in and not screened.", ("skipped_minutes",)),
    ("screener_weight_used", "gauge", "Request weight used in this minute.", ("source", "used_weight")),
    ("screener_weight_limit", "gauge", "Request weight that the exchange allows a minute.", ("source", "weight_limit")),
    ("screener_requests_total", "counter", "Requests sent to the exchange.", ("source", "requests")),
    ("screener_requests_failed_total", "counter", "Requests that failed.", ("source", "failures")),
    ("screener_requests_wait_seconds", "gauge", "Real seconds that no request is sent.", ("source", "closed_for_s")),
    ("screener_backfill_requests_total", "counter", "Requests for history.", ("backfill", "requests")),
    ("screener_cache_problems_total", "counter", "Files of history that failed.", ("cache", "problems")),
    ("screener_clock_jumps_total", "counter", "Times the market's clock jumped.", ("streams", "clock", "jumps")),
    ("screener_worker_price_streams", "gauge", "API processes that follow the worker's prices.", ("price_streams",)),
)
_TABLES: Final = (
    ("screener_candles_refused_total", "counter", "Candles that cannot be true.", "reason", ("refused", "by_reason")),
    ("screener_candles_repaired_total", "counter", "Candles of minutes past that came in.", "what", ("corrections",)),
)
_CONNECTIONS: Final = (
    ("screener_stream_open", "gauge", "Whether a connection to the exchange is open.", "open"),
    ("screener_stream_messages_total", "counter", "Messages received.", "messages"),
    ("screener_stream_unreadable_total", "counter", "Messages that could not be read.", "unreadable"),
    ("screener_stream_lost_total", "counter", "Messages thrown away because the reader was too slow.", "lost"),
    ("screener_stream_silent_seconds", "gauge", "Real seconds since the last message.", "silent_for_s"),
)
_MILLISECONDS: Final = frozenset({"screener_market_time_seconds", "screener_minute_close_seconds"})
AUDIT: Final = frozenset({"differing", "lacking", "not_at_the_exchange"})
STATES: Final = ("fresh", "late", "stale", "missing")


def exposition(status: Mapping[str, Any] | None, board: PriceBoard) -> str:
    """All metrics as text; `status` None where the worker does not answer."""
    lines = [
        *_metric("screener_worker_up", "gauge", "Whether the worker answers.", 0 if status is None else 1),
        *_metric("screener_price_readers", "gauge", "Viewers of this process's prices.", board.readers),
        *_metric("screener_price_stream_up", "gauge", "Whether prices are followed.", int(board.live)),
        *_metric("screener_price_stream_opened_total", "counter", "Times the stream was opened.", board.connects),
        *_metric("screener_price_batches_total", "counter", "Batches of prices received.", board.batches),
    ]
    if status is not None:
        lines += _market(status)
    return "\n".join(lines) + "\n"


def _market(status: Mapping[str, Any]) -> Iterator[str]:
    for name, kind, text, path in _ROWS:
        value = _at(status, path)
        if value is not None:
            yield from _metric(name, kind, text, value / 1000 if name in _MILLISECONDS else value)
    coverage = status.get("coverage")
    if coverage:
        states = {state: coverage.get(state, 0) for state in STATES}
        yield from _labelled("screener_symbols", "gauge", "Symbols of the newest minute by state.", "state", states)
    for name, kind, text, label, path in _TABLES:
        if values := _numbers(_find(status, path)):
            yield from _labelled(name, kind, text, label, values)
    if differences := {name: n for name, n in _numbers(_find(status, ("audit",))).items() if name in AUDIT}:
        text = "Candles that differed from the exchange's."
        yield from _labelled("screener_audit_differences_total", "counter", text, "what", differences)
    connections = [c for c in _find(status, ("streams", "connections")) or () if isinstance(c, Mapping)]
    for name, kind, text, key in _CONNECTIONS:
        if values := _numbers({str(c.get("name")): c.get(key) for c in connections}):
            yield from _labelled(name, kind, text, "connection", values)


def _find(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _at(tree: Any, path: tuple[str, ...]) -> float | None:
    value = _find(tree, path)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _numbers(tree: Any) -> dict[str, float]:
    """The entries that are numbers; True is 1."""
    if not isinstance(tree, Mapping):
        return {}
    return {str(name): float(value) for name, value in tree.items() if isinstance(value, int | float)}


def _metric(name: str, kind: str, text: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {_number(value)}"


def _labelled(name: str, kind: str, text: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for key, value in values.items():
        escaped = str(key).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        yield f'{name}{{{label}="{escaped}"}} {_number(value)}'


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
