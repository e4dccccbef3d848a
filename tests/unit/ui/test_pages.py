"""Pages over the stand-in API, without a browser: they draw, and their states say what they should."""

from typing import Any

import pytest

from api.schemas import HistoryOut
from tests.fixtures import fake_api
from tests.unit.ui.paging import UI, Served, page
from ui.client import ApiClient

PAGES = ["components/shell.py", *(f"pages/{path.name}" for path in sorted((UI / "pages").glob("[a-z]*.py")))]


@pytest.mark.parametrize(
    "name",
    PAGES,
)
def test_every_page_draws_without_an_error(name: str, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(name, monkeypatch, served.url).run()
    assert not app.exception, app.exception


@pytest.mark.parametrize(
    "name",
    PAGES,
)
def test_without_the_api_every_page_still_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(name, monkeypatch, "http://127.0.0.1:9").run()
    assert not app.exception, app.exception


def test_nothing_yet_offers_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Served("empty")
    try:
        app = page("pages/signals.py", monkeypatch, one.url).run()
    finally:
        one.stop()
    assert not app.exception, app.exception


def test_enable_opens_only_after_the_read_back_was_confirmed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    assert app.button(key="enable").disabled
    app.text_area(key="sentence").set_value("RSI under 30 on the 15m")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    assert not app.exception, app.exception
    assert app.button(key="enable").disabled
    app.button(key="yes").click().run()
    assert not app.button(key="enable").disabled
    app.selectbox(key="draft_direction_1").select("short").run()
    assert app.button(key="enable").disabled, "another direction has to be confirmed again"
    app.button(key="yes").click().run()
    app.button(key="enable").click().run()
    assert [s["enabled"] for s in served.state.strategies] == [True]
    assert served.state.strategies[0]["direction"] == "short"


def test_looking_every_minute_is_offered_where_there_are_minutes(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    app.text_area(key="sentence").set_value("RSI under 30 on the 15m")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    assert app.selectbox(key="draft_evaluate_1").options == [
        "When the candle closes",
        "Every minute, on the forming candle",
    ]
    app.button(key="yes").click().run()
    app.selectbox(key="draft_evaluate_1").select("minute").run()
    assert app.button(key="enable").disabled, "it was read back as looking at the close"
    read_back = " ".join(str(h.proto.body) for h in app.get("html"))
    assert "candle forms or closes" in read_back
    assert "Closed candles and the forming one" in read_back
    saved = []
    for interval in ("15m", "1m", "1w", "1d"):
        app.selectbox(key="draft_interval_1").select(interval).run()
        assert ("draft_evaluate_1" in {s.key for s in app.selectbox}) == (interval in ("15m", "1d"))
        app.button(key="save").click().run()
        assert not app.exception, app.exception
        saved.append((served.state.strategies[-1]["interval"], served.state.strategies[-1]["evaluate"]))
    assert saved == [("15m", "minute"), ("1m", "close"), ("1w", "close"), ("1d", "minute")]


def test_what_a_callback_tells_is_shown_once_by_the_body(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/signals.py", monkeypatch, served.url)
    app.session_state["signal_id"] = "s2"
    app.run()
    app.button(key="approve_button").click().run()
    assert [t.value.split(" at ")[0] for t in app.toast] == ["Bought 1.73 ETHUSDT"]
    assert served.state.analyses_seen == [app.session_state["detail"].analysis.id], "what was on the screen is approved"
    app.run()
    assert not app.toast


def test_the_loss_beside_its_limit_is_the_one_that_stops_entries(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/positions.py", monkeypatch, served.url).run()
    shown = " ".join(str(h.proto.body) for h in app.get("html"))
    assert "24.10 of 153.75" in shown, "realised, of the limit that the rule has"
    assert 'Open now, not counted</td><td class="n">−7.56' in shown
    assert "At 153.75 new entries stop" in shown
    served.state.realised = "-160.00"
    app = page("pages/positions.py", monkeypatch, served.url).run()
    shown = " ".join(str(h.proto.body) for h in app.get("html"))
    assert "160.00 of 153.75" in shown
    assert "New entries are stopped until 00:00 UTC." in shown


def test_a_page_that_is_loaded_again_begins_with_the_sentence(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    app.text_area(key="sentence").set_value("RSI under 30 on the 15m")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    app.run()
    assert app.query_params["sentence"] in ("RSI under 30 on the 15m", ["RSI under 30 on the 15m"])
    again = page("pages/new_strategy.py", monkeypatch, served.url)
    again.query_params["sentence"] = "RSI under 30 on the 15m"
    again.run()
    assert again.text_area(key="sentence").value == "RSI under 30 on the 15m"
    assert not again.exception, again.exception


def test_a_sentence_that_gave_no_filter_is_not_asked_for_as_if_none_was_written(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    assert "Say what to look for" in " ".join(str(h.proto.body) for h in app.get("html"))
    app.text_area(key="sentence").set_value("when whales are buying")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    shown = " ".join(str(h.proto.body) for h in app.get("html"))
    assert "No filter came of it" in shown
    assert "Say what to look for" not in shown


def test_the_token_is_asked_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("components/shell.py", monkeypatch, served.url)
    monkeypatch.setenv("SCREENER_TOKEN", "secret")
    app.run()
    assert app.text_input[0].label == "Access token"
    app.text_input[0].set_value("wrong")
    app.button[0].click().run()
    assert app.error[0].value == "That is not the token."
    app.text_input[0].set_value("secret")
    app.button[0].click().run()
    assert not app.text_input


def test_what_a_browser_still_shows_of_the_former_draft_does_not_touch_the_next(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()

    def write(sentence: str) -> None:
        app.text_area(key="sentence").set_value(sentence)
        next(b for b in app.button if b.label in ("Write it", "Write it again")).click()
        app.run()

    write("RSI under 30 on the 15m")
    app.selectbox(key="draft_interval_1").select("4h").run()
    app.text_input(key="draft_name_1").set_value("Mine").run()
    before = app.session_state["draft"]
    assert (before.name, before.interval) == ("Mine", "4h")
    stale = app._tree.get_widget_states()
    write("Sell when RSI is over 70 on the 15m")
    fresh = app.session_state["draft"]
    # While a draft is written, a refresh of the strip sends the values of all that the browser shows.
    app._run(stale)
    assert not app.exception, app.exception
    assert app.session_state["draft"] == fresh
    assert (fresh.name, fresh.interval) != ("Mine", "4h")
    assert app.selectbox(key="draft_interval_2").value == fresh.interval


def test_figures_of_past_matches_are_those_of_all_though_few_are_listed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fake_api.history("15m")
    for day in found["days"]:
        day["target"], day["stop"] = day["target"] * 100, day["stop"] * 100
    found["by_symbol"] = {"AAAUSDT": 4_000, **{name: count * 100 for name, count in found["by_symbol"].items()}}
    found["total"] = 7_300
    asked: list[tuple[str, ...]] = []

    def scan(self: Any, code: str, interval: str, direction: str, trigger: str, symbols: Any = ()) -> Any:
        asked.append(tuple(symbols))
        yield HistoryOut.model_validate(found)

    monkeypatch.setattr(ApiClient, "scan", scan)
    app = page("pages/new_strategy.py", monkeypatch, served.url).run()
    app.text_area(key="sentence").set_value("RSI under 30 on the 15m")
    next(b for b in app.button if b.label == "Write it").click()
    app.run()
    shown = " ".join(str(h.proto.body) for h in app.get("html"))
    busiest = max(day["target"] + day["stop"] + day["open"] for day in found["days"])
    assert f"{busiest:,}" in shown
    assert f"{len(found['by_symbol'])} of 8" in shown
    # The chart's symbol is the one with most matches, none of which is among the newest.
    assert asked == [(), ("AAAUSDT",)]
    app.run()
    assert asked == [(), ("AAAUSDT",)]
