"""The Market page: what it says of coverage and of the feed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from api.schemas import CoverageOut, FeedOut
from tests.fixtures import fake_feed
from tests.unit.ui.paging import Served, page
from ui.components import coverage, feed_parts

NOW = datetime(2026, 1, 5, 10, 22, 4, tzinfo=UTC)


def minutes(kind: str = "", limit: int = 60) -> list[CoverageOut]:
    return [CoverageOut.model_validate(row) for row in fake_feed.minutes(NOW, kind, limit)]


def feed(kind: str = "") -> FeedOut:
    return FeedOut.model_validate(fake_feed.feed(NOW, kind))


def words(app: AppTest) -> str:
    """All markup of a page."""
    return " ".join(str(getattr(block, "body", "")) for block in app.get("html"))


@pytest.mark.parametrize("kind", ["", "stale", "empty"])
def test_the_page_draws_in_every_state(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Served(kind)
    try:
        app = page("pages/market.py", monkeypatch, one.url).run()
    finally:
        one.stop()
    assert not app.exception, app.exception
    said = words(app)
    assert ("No minute has closed yet" in said) == (kind == "empty")
    assert ("the exchange asks to wait 40 s" in said) == (kind == "stale")
    assert "Connections to the exchange" in said


def test_without_the_api_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/market.py", monkeypatch, "http://127.0.0.1:9").run()
    assert not app.exception, app.exception
    assert "Cannot reach the screener" in words(app)


def test_a_minute_in_words() -> None:
    quiet, late = minutes()[0], minutes()[3]
    assert coverage.counts(quiet) == "208 fresh"
    assert coverage.counts(late) == "206 fresh, 2 late"
    assert coverage.seconds(quiet) == "screened 0.8 s after the close"
    assert coverage.seconds(late) == "screened 8.0 s after the close, the last symbol 31.0 s after it"


def test_a_summary_counts_whole_minutes() -> None:
    assert coverage.summary(minutes(limit=7)) == (
        "7 minutes, all symbols in 6 of them in time; half were screened within 0.8 s of the close."
    )
    assert coverage.summary(minutes(limit=3)).startswith("3 minutes, all symbols in time")
    assert coverage.summary([]) == "No minute has closed yet."


def test_the_worst_symbols_come_first_with_when_it_was_last() -> None:
    found = coverage.worst(minutes("stale"), 3)
    assert [row.symbol for row in found] == ["ADAUSDT", "XRPUSDT", "DOTUSDT"]
    assert (found[0].missing, found[0].late) == (20, 0)
    assert found[0].last == NOW.replace(second=0)
    assert found[2].late == len([n for n in range(20, 60) if n % 7 == 3])


def test_the_picture_has_the_newest_minute_last_and_marks_half_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "theme", lambda: "dark")
    data = coverage.picture_data(minutes("stale", 90), 60)
    assert len(data["minutes"]) == 60
    assert data["minutes"][-1]["t"] == NOW.replace(second=0).timestamp()
    assert [m["mark"] for m in data["minutes"] if m["mark"]] == ["09:30", "09:45", "10:00", "10:15"]
    assert data["minutes"][-1]["text"].startswith("10:22 UTC: 67 fresh, 139 stale, 2 missing; screened 8.0 s")


def test_connections_say_what_is_wrong_with_them() -> None:
    table = feed_parts.connections_table(feed("stale"))
    assert "no message for 60 s" in table
    assert "3 lost" in table
    assert "this machine is 3,600 s ahead" in table
    assert "lost" not in feed_parts.connections_table(feed())
    assert "machine" not in feed_parts.connections_table(feed())


def test_hostile_words_of_the_exchange_are_no_markup() -> None:
    odd = feed("stale")
    one = odd.streams.connections[0].model_copy(update={"name": "<b>x", "reason": "<img onerror=1>"})
    streams = odd.streams.model_copy(update={"connections": (one,)})
    changed = odd.model_copy(update={"streams": streams, "failure": "<script>"})
    table = feed_parts.connections_table(changed) + feed_parts.now_card(minutes()[0], changed)
    assert "<img" not in table
    assert "<b>x" not in table
    assert "<script>" not in table


def test_care_counts_refusals_and_differences() -> None:
    table = feed_parts.care_table(feed("stale"))
    assert "low above high" in table
    assert "5,400 of 6,000 a minute" in table
    assert "width:90%" in table
    assert "Waits 40 s: Too many requests &lt;now&gt;" in table
    assert "Waits" not in feed_parts.care_table(feed())
    assert feed_parts.universe_line(feed()) == "208 symbols screened; not screened: 2 not trading (BREAK)."
