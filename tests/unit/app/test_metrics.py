"""`/metrics`: text that Prometheus reads, with what is known and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, cast

from api.metrics import exposition
from app.market_client import MarketClient
from app.prices import PriceBoard
from tests.fixtures.fake_feed import EXPECTED, feed, minutes

NOW = datetime(2026, 1, 5, 10, 22, 4, tzinfo=UTC)
LINE = re.compile(r'([a-z_:][a-z0-9_:]*)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"\})? (\S+)')


def read(text: str) -> dict[str, float]:
    """Samples by name and label, as a scraper reads them: each metric has its type first, and comes once."""
    found: dict[str, float] = {}
    typed: dict[str, str] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in typed
            assert (kind == "counter") == name.endswith("_total")
            typed[name] = kind
        elif not line.startswith("# HELP "):
            match = LINE.fullmatch(line)
            assert match is not None, line
            assert match[1] in typed
            assert match[1] + (match[2] or "") not in found
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


def board() -> PriceBoard:
    return PriceBoard(cast(MarketClient, None))


def status(kind: str = "") -> dict[str, Any]:
    return {**feed(NOW, kind), "market_time": 1_000_000, "coverage": minutes_ms(kind), "reconnects": 2}


def minutes_ms(kind: str) -> dict[str, Any]:
    return {**minutes(NOW, kind, 1)[0], "candle_close": 960_000}


def test_every_number_of_the_market() -> None:
    found = read(exposition(status("stale"), board()))
    assert found["screener_worker_up"] == 1
    assert found['screener_symbols{state="fresh"}'] == 67
    assert found['screener_symbols{state="late"}'] == 0
    assert found['screener_symbols{state="stale"}'] == EXPECTED - 69
    assert found['screener_symbols{state="missing"}'] == 2
    assert found["screener_minute_screened_after_seconds"] == 8.0
    assert found["screener_minute_close_seconds"] == 960
    assert found["screener_reconnects_total"] == 2
    assert found['screener_candles_repaired_total{what="corrected"}'] == 1
    assert found['screener_candles_refused_total{reason="low above high"}'] == 3
    assert found["screener_weight_used"] == 5400
    assert found["screener_requests_total"] == 4321
    assert found["screener_requests_wait_seconds"] == 40
    assert found['screener_audit_differences_total{what="differing"}'] == 1
    assert found['screener_stream_messages_total{connection="prices"}'] == 812_345
    assert found['screener_stream_open{connection="candles 1"}'] == 0


def test_without_a_worker_there_is_only_what_this_process_knows() -> None:
    found = read(exposition(None, board()))
    assert found["screener_worker_up"] == 0
    assert not [name for name in found if name.startswith(("screener_symbols", "screener_minute"))]


def test_what_is_not_known_is_absent_and_not_zero() -> None:
    odd: dict[str, Any] = {
        "coverage": None,
        "audit": None,
        "streams": None,
        "holes": None,
        "source": {"used_weight": "much"},
    }
    found = read(exposition(odd, board()))
    assert "screener_weight_used" not in found
    assert "screener_holes" not in found


def test_labels_are_escaped() -> None:
    refused = {"by_reason": {'a "b"\\\nc': 1}}
    found = read(exposition({"refused": refused}, board()))
    assert found['screener_candles_refused_total{reason="a \\"b\\"\\\\\\nc"}'] == 1
