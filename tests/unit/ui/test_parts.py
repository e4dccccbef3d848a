"""The markup of single parts: which value a person reads, and where."""

from datetime import UTC, datetime

import pytest

from api.schemas import ConditionRow, EventOut, MatchDayOut, NearMiss, SignalDetail, StatusOut
from tests.fixtures.fake_api import FakeState, history
from tests.fixtures.fake_signals import signal
from ui.components import past, signal_detail, signal_parts, strip, text
from ui.components.drafts import Draft
from ui.pages import positions

MOMENT = datetime(2026, 1, 5, 10, 15, tzinfo=UTC)


def test_a_condition_s_values_stand_under_its_reading_and_may_wrap() -> None:
    row = ConditionRow(text="volume > x", left=1.5e7, op="gt", right=1.2e7, value=True, reading="Volume is high")
    shown = SignalDetail.model_validate({**signal(1, "BTCUSDT", "long", "new", None, None, 0), "conditions": [row]})
    table = signal_parts.condition_table(shown)
    assert '>Volume is high<div class="num under"><b>15.00M</b>' in table
    assert "</div></td>" in table
    assert table.count('<td class="n') == 1, "only the margin keeps a column of its own"


@pytest.mark.parametrize("provisional", [True, False])
def test_a_signal_of_a_candle_under_way_says_so(provisional: bool) -> None:
    row = {**signal(1, "BTCUSDT", "long", "new", None, None, 0), "provisional": provisional}
    head = signal_parts.header(SignalDetail.model_validate(row), None, stale=False)
    assert (">forming</span>" in head) == provisional


@pytest.mark.parametrize(("late", "seconds", "said"), [(True, 31.4, "31 s after its close"), (True, None, "came,")])
def test_a_late_signal_says_how_late_its_candle_came(late: bool, seconds: float | None, said: str) -> None:
    row = {**signal(1, "BTCUSDT", "long", "new", None, None, 0), "late": late, "late_seconds": seconds}
    head = signal_parts.header(SignalDetail.model_validate(row), None, stale=False)
    assert ">late</span>" in head
    assert said in head
    plain = signal_parts.header(SignalDetail.model_validate({**row, "late": False}), None, stale=False)
    assert ">late</span>" not in plain


@pytest.mark.parametrize(
    ("left", "right", "shown"),
    [
        (23.2, 30.0, "by 6.8"),
        (0.03656, 0.0365, "by 0.16 %"),
        (73_519.0, 62_000.0, "by 18.6 %"),
        (-0.00002, 0.0, "by 0.00002"),
    ],
)
def test_margins_are_told_in_the_unit_that_says_more(left: float, right: float, shown: str) -> None:
    assert signal_parts.margin(ConditionRow(text="x", left=left, right=right)) == shown


@pytest.mark.parametrize(("value", "said"), [(True, "holds"), (False, "does not hold"), (None, "unknown")])
def test_a_condition_without_values_says_only_what_its_mark_does_not(value: bool | None, said: str) -> None:
    row = ConditionRow(text="a or b", value=value, reading="One of both")
    shown = SignalDetail.model_validate({**signal(1, "BTCUSDT", "long", "new", None, None, 0), "conditions": [row]})
    table = signal_parts.condition_table(shown)
    assert f'aria-label="{said}"' in table
    assert (">One of both</td>" in table) == (value is not None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (999_999.0, "999,999.00"),
        (12_345_678.0, "12.35M"),
        (-2.5e9, "−2.50B"),
        (0.012345, "0.01235"),
        (0.000034, "0.000034"),
        (123.45, "123.5"),
    ],
)
def test_values_of_millions_are_short(value: float, shown: str) -> None:
    assert text.plain(value) == shown


def test_a_near_miss_is_read_in_plain_english() -> None:
    miss = NearMiss.model_validate(history("15m")["near_misses"][1])
    row = past._near_row(miss)
    assert ">RSI(14) of the close is below 30: <" in row
    assert 'title="ta.rsi(close, 14) &lt; 30"' in row
    assert "30.4, needs below 30<" in past._near_row(miss.model_copy(update={"op": "<"}))
    assert "30.4, needs to cross above 30<" in past._near_row(miss.model_copy(update={"op": "crosses above"}))
    plain = past._near_row(miss.model_copy(update={"reading": ""}))
    assert ">ta.rsi(close, 14) &lt; 30: <" in plain


def test_days_are_as_wide_as_one_another() -> None:
    counted = past._day(MatchDayOut(day=MOMENT.date(), target=1, stop=2, open=0), 3)
    empty = past._day(None, 3)
    assert counted.startswith('<span style="flex:1 1 0;') and "flex:1 1 0" in empty
    assert "max-width" not in counted.split(">")[0]


def test_the_log_shows_market_time() -> None:
    event = EventOut(
        id="1",
        kind="TRADE_TRIGGER",
        level="info",
        message="BTCUSDT: buy 1 because of an approved signal",
        detail={"symbol": "BTCUSDT"},
        time=MOMENT,
        created_at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    )
    line = positions._event(event)
    assert "10:15:00" in line and "09:00" not in line
    assert ">Buy 1 because" in line


def test_the_strip_counts_down_to_the_strategies_closes() -> None:
    state = FakeState()
    status = StatusOut(
        market="simulated",
        speed=10,
        market_time=state.market_time(),
        symbols=1,
        coverage=None,
        strategies=2,
        intervals=("15m", "1w"),
        day_profit=0,
        day_profit_percent=0,
        max_daily_loss_percent=3,
        realised_today=0,
        realised_percent=0,
        open_profit=0,
        lost_today=0,
        max_daily_loss=300,
        loss_stops_entries=False,
        equity=1,
        cash=1,
        model="m",
        worker_alive=True,
    )
    names = [item["name"] for item in strip.strip_data(status, False)["intervals"]]
    assert names == ["15m", "1w"]
    assert strip.strip_data(status, False)["intervals"][1]["origin"] == 4 * 86_400_000, "weeks start on Monday"
    assert [i["name"] for i in strip.strip_data(status, False, "4h")["intervals"]] == ["4h"]
    assert strip.strip_data(None, True)["intervals"] == []
    assert Draft(code="match = close > 1", interval="1h").followed == "1h"
    assert Draft().followed == ""


@pytest.mark.parametrize(
    ("status", "error", "above"), [("rejected", "It pays too little.", True), ("rejected", "", False)]
)
def test_what_is_said_of_a_settled_signal_is_said_once(status: str, error: str, above: bool) -> None:
    row = {**signal(1, "BTCUSDT", "long", status, "bad_setup", 50, 0), "error": error}
    shown = SignalDetail.model_validate(row)
    assert signal_detail._said_above(shown, "It pays too little.") is above
    assert not signal_detail._said_above(shown.model_copy(update={"status": "enter"}), "It pays too little.")
