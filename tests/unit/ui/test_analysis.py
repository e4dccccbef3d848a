"""What is shown of an analysis, of a position's decisions and of the track record: values, reasons, empty states."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from api.schemas import (
    AnalysisOut,
    CostsOut,
    IntervalOut,
    OutcomeSummary,
    PositionDetail,
    SignalOutcome,
    SnapshotOut,
    WatchOut,
)
from tests.fixtures import fake_analyses, fake_outcomes, fake_positions
from tests.fixtures.fake_prices import START
from tests.fixtures.fake_signals import signal
from tests.unit.ui.paging import Served, page
from ui.components import position_detail, record_parts, report_parts, signal_parts, snapshot_view, text

WAITS = signal(6, "ETHUSDT", "short", "wait", "wait", 49, 60)
ENTERS = signal(2, "ETHUSDT", "long", "enter", "enter_trade", 72, 0)
INVENTS = signal(5, "XRPUSDT", "short", "rejected", "bad_setup", 81, 0)


def looks(row: dict[str, Any]) -> list[AnalysisOut]:
    return [AnalysisOut.model_validate(one) for one in fake_analyses.looks(row)]


def snapshot() -> SnapshotOut:
    return SnapshotOut.model_validate(fake_analyses.snapshot(ENTERS, "a"))


def test_a_report_shows_failures_first_with_cited_stored_and_why() -> None:
    shown = report_parts.report(looks(INVENTS)[0])
    assert "Its answer was enter trade; what failed made that bad setup." in shown
    first = shown[shown.index("<tbody>") :]
    assert first.index("is not in the snapshot") < first.index("was replaced by") < first.index("is swing low 1")
    assert 'aria-label="failed"' in first
    assert "1 failed, 1 pointed out, 7 passed" in shown
    row = first[first.index("is not in the snapshot") :]
    support = INVENTS["price"] * 0.99
    numbers = f'<td class="n">{support * 1.003:.10g}</td><td class="n mut">{support:.10g}</td>'
    assert numbers in row[: row.index("</tr>")], "to the last digit: that is what the check is about"


def test_numbers_in_the_words_are_folded_once_they_passed() -> None:
    held = fake_analyses.checks(ENTERS, invented=False)
    said = [fake_analyses.check("text", status, f"Number {status}.", 12.5) for status in ("ok", "ok", "failed")]
    one = looks(ENTERS)[0].model_copy(update={"grounding": {"checks": [*held, *said]}})
    shown = report_parts.report(one)
    assert shown.index("Number failed.") < shown.index("<details>") < shown.index("Number ok.")
    assert "2 numbers in its words passed" in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.6565, "1.6565"),
        (77231.05, "77,231.05"),
        (0.00001234, "0.00001234"),
        (-3.0, "−3"),
        (None, ""),
        (1e9, "1,000,000,000"),
    ],
)
def test_numbers_of_a_check_keep_their_last_digit(value: float | None, shown: str) -> None:
    assert report_parts.exact(value) == shown


def test_a_report_without_failures_is_no_refusal() -> None:
    assert "Refused" not in report_parts.report(looks(ENTERS)[0])
    bare = looks(ENTERS)[0].model_copy(update={"grounding": {}})
    assert "names no number" in report_parts.report(bare)


def test_what_a_model_says_is_text_never_markup() -> None:
    hostile = "<script>alert(1)</script>"
    check = {"name": hostile, "status": hostile, "message": hostile, "cited": hostile, "stored": None}
    one = looks(ENTERS)[0].model_copy(
        update={
            "reasoning": hostile,
            "model": hostile,
            "trade_plan": {"setup": hostile, "trigger_code": hostile, "why": hostile},
            "grounding": {"checks": [check, "no object"], "proposed": hostile},
            "opinions": ({"model": hostile, "decision": hostile, "confidence": hostile, "error": hostile},),
            "refusals": (hostile,),
        }
    )
    parts = (report_parts.report(one), report_parts.plan(one), report_parts.meta(one), report_parts.opinions(one))
    for markup in (*parts, report_parts.history([one], None, one.id)):
        assert "<script" not in markup
        assert "&lt;script&gt;" in markup


def test_history_says_what_tripped_at_each_look() -> None:
    found = looks(WAITS)
    watch = WatchOut.model_validate(fake_analyses.watch(WAITS))
    trigger, every, first = "its trigger became true", "nothing tripped; it was time to look again", "first look"
    assert report_parts.tripped(found, watch.asked) == [trigger, every, first]
    # A person asked between: the reasons no longer pair off, and their times tell.
    assert report_parts.tripped(found, watch.asked[1:]) == [trigger, "asked again", first]
    # The worker lags behind the market: every reason is older than the look before.
    late = [a.model_copy(update={"at": a.at - timedelta(hours=9)}) for a in watch.asked]
    assert report_parts.tripped(found, late) == [trigger, every, first]
    shown = report_parts.history(found, watch, found[1].id)
    assert shown.count('<tr class="on">') == 1
    assert "3 looks, 0.0186 USD together" in shown


def test_a_wait_says_until_when_what_for_and_when_it_is_asked_again() -> None:
    watch = WatchOut.model_validate(fake_analyses.watch(WAITS))
    assert watch.until is not None
    shown = report_parts.watching(watch, watch.until - timedelta(minutes=95))
    assert "until 14:15, 1h 35m left" in shown
    assert "match = close &gt; ta.ema(close, 20)" in shown
    assert "4 closes looked at, on 1 one was true" in shown
    assert "Asked 3 times; again when one of them becomes true, at the 11:15 close at the latest" in shown
    assert "its time is up" in report_parts.watching(watch, watch.until + timedelta(seconds=1))
    bare = report_parts.watching(WatchOut(), watch.until)
    assert bare.count("none given") == 2


def test_single_answers_show_their_spread() -> None:
    shown = report_parts.opinions(looks(ENTERS)[0])
    assert "Asked 3 times" in shown
    assert "2 enter trade, 1 wait" in shown
    assert "confidence 55 to 74" in shown
    assert report_parts.opinions(looks(WAITS)[0]) == ""


def test_cost_is_told_only_where_a_model_was_asked() -> None:
    asked = looks(ENTERS)[0]
    assert "4,120 tokens in, 380 out, 0.0062 USD · 2.3 s" in report_parts.meta(asked)
    rules = {"asked": False, "cost": 0.0, "input_tokens": 0, "output_tokens": 0}
    assert "no model was asked, no cost" in report_parts.meta(asked.model_copy(update=rules))
    assert "380 out, cost not known" in report_parts.meta(asked.model_copy(update={"cost": None}))
    silent = {"cost": None, "input_tokens": 0, "output_tokens": 0}
    assert "tokens not told, cost not known" in report_parts.meta(asked.model_copy(update=silent))


def test_indicators_stand_by_interval_and_prices_as_prices() -> None:
    shown = snapshot_view.indicators(snapshot())
    assert shown.index(">15m<") < shown.index(">4h<")
    row = shown[shown.index("ta.rsi(close, 14)") :]
    assert '<td class="n">23.2</td><td class="n">51.8</td>' in row[: row.index("</tr>")]
    lone = snapshot().model_copy(update={"table": ()})
    assert "None were stored" in snapshot_view.indicators(lone)


def test_levels_go_down_through_the_price_and_computed_ones_stand_apart() -> None:
    shown = snapshot_view.levels(snapshot())
    names = ("week&#x27;s high", "pivot", "<b>Price</b>", "swing low", "day&#x27;s low")
    places = [shown.index(name) for name in names]
    assert places == sorted(places)
    assert shown.index("3 computed") > places[-1]


@pytest.mark.parametrize(
    ("layers", "kinds"),
    [
        ([], set()),
        (["plan"], set()),
        (["structure"], {"support", "resistance"}),
        (["structure", "reference"], {"support", "resistance", "reference"}),
    ],
)
def test_layers_of_the_chart_are_switched_apart(layers: list[str], kinds: set[str]) -> None:
    assert {line.kind for line in snapshot_view.lines(snapshot(), layers)} == kinds


def test_of_many_computed_levels_the_nearest_are_drawn() -> None:
    one = snapshot()
    many = tuple(one.reference[0].model_copy(update={"price": one.price + n}) for n in range(-30, 31))
    drawn = snapshot_view.lines(one.model_copy(update={"reference": many}), ["reference"])
    assert len(drawn) == snapshot_view.REFERENCE_DRAWN
    assert max(abs(line.price - one.price) for line in drawn) <= snapshot_view.REFERENCE_DRAWN / 2


def test_a_position_shows_each_decision_what_was_refused_and_what_moved() -> None:
    row = fake_positions.detail(fake_positions.position(1, "LINKUSDT", "short", 9.169, None))
    found = PositionDetail.model_validate(row)
    shown = position_detail.decisions(found)
    assert "3 so far, 0.0063 USD" in shown
    assert shown.count("Refused: A stop is never moved away from the price.") == 1
    # The oldest decision moved the stop from where it was at first; the later ones did not.
    assert shown.count("stop 9.3028 → 9.2844") == 1
    why = position_detail.thesis(found, START)
    assert "The range broke on volume" in why
    assert "9.2844" in why
    assert "from 9.3028 at first" in why
    assert "not so" in why


@pytest.mark.parametrize("targets", [1, 2])
def test_of_several_targets_it_is_said_that_all_is_closed_at_the_first(targets: int) -> None:
    row = fake_positions.detail(fake_positions.position(1, "LINKUSDT", "short", 9.169, None))
    found = PositionDetail.model_validate({**row, "targets": ["9.1", "9.0"][:targets]})
    assert ("all is closed at the first" in position_detail.thesis(found, START)) == (targets > 1)
    levels = signal_parts.Levels(100.0, 95.0, (110.0, 120.0)[:targets])
    assert (signal_parts.ALL_AT_FIRST in signal_parts.levels_row(levels, "long")) == (targets > 1)


def test_a_position_without_a_reason_says_so() -> None:
    row = fake_positions.detail(fake_positions.position(2, "ADAUSDT", "short", 0.2453, "s4"))
    found = PositionDetail.model_validate({**row, "thesis": None})
    assert "No reason was stored" in position_detail.thesis(found, START)
    assert "None yet" in position_detail.decisions(found)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (IntervalOut(value=0.2, low=0.1, high=0.3), "up"),
        (IntervalOut(value=-0.2, low=-0.3, high=-0.1), "down"),
        (IntervalOut(value=0.2, low=-0.1, high=0.5), "chance"),
        (IntervalOut(value=0.2, low=0.0, high=0.5), "chance"),
        (IntervalOut(value=0.9), "few"),
    ],
)
def test_an_interval_is_not_called_better_than_it_is(interval: IntervalOut, said: str) -> None:
    assert record_parts.verdict(interval) == said


def test_calibration_is_drawn_where_confidence_and_share_meet() -> None:
    record = OutcomeSummary.model_validate(fake_outcomes.summary(""))
    drawn = record_parts.calibration(record.calibration)
    assert "left:56.0%;bottom:43.0%" in drawn
    assert drawn.count("opacity:.5") == 3, "only the bin of 31 has enough entries"
    assert "Off by 13 points" in drawn


def test_lift_names_its_parts_and_what_too_few_blocks_hold() -> None:
    record = OutcomeSummary.model_validate(fake_outcomes.summary(""))
    drawn = record_parts.lift(record.lift)
    assert "lies above zero" in drawn
    assert "of it the selection: +0.10 R" in drawn
    assert "of it the plan: +0.15 R" in drawn
    assert "23 not decided on: −0.02 R" in drawn
    assert "32 blocks of 24 hours" in drawn
    few = record_parts.lift(record.by_strategy[1].lift)
    assert "too few blocks of time" in few
    assert "above zero" not in few


def test_the_figures_on_top_can_be_subtracted() -> None:
    record = OutcomeSummary.model_validate(fake_outcomes.summary(""))
    shown = record_parts.figures(record)
    assert "186 decided on and ended" in shown
    assert record.lift.entered is not None
    assert record.lift.bare is not None
    for found in (record.lift.entered, record.lift.bare, record.lift.difference):
        assert found is not None
        assert f">{text.signed(found.value)} R<" in shown


def test_a_record_without_anything_says_what_is_missing() -> None:
    record = OutcomeSummary.model_validate(fake_outcomes.summary("empty"))
    assert "No entered signal has ended" in record_parts.calibration(record.calibration)
    assert "No signal has ended" in record_parts.lift(record.lift)
    assert "Nothing followed yet" in record_parts.groups(record.by_strategy, "Strategy")
    assert "No analyses yet" in record_parts.costs(CostsOut(), 0)


def test_costs_are_summed_and_rules_cost_nothing() -> None:
    found = CostsOut.model_validate(fake_outcomes.costs(""))
    shown = record_parts.costs(found, 82)
    assert '<b class="num">1.62 USD</b>' in shown
    assert "316 analyses, 261 of them by a model" in shown
    assert "0.0197 USD an entry" in shown
    rules = found.model_copy(update={"all": found.all.model_copy(update={"asked": 0, "cost": 0.0})})
    assert "by rules; no model was asked" in record_parts.costs(rules, 82)


def test_an_outcome_tells_both_plans_and_an_entry_its_result() -> None:
    found = SignalOutcome.model_validate(fake_outcomes.of_signal(ENTERS))
    shown = report_parts.outcome(found)
    assert "target first" in shown
    assert "+1.16 R" in shown
    assert "still open" in shown
    assert "Your" not in shown
    trade = {"position_id": "p", "mode": "paper", "state": "closed", "realised_profit": -12.5, "result_r": -0.51}
    traded = SignalOutcome.model_validate({**found.model_dump(), "trades": [trade]})
    assert "Your paper trade" in report_parts.outcome(traded)
    assert "−0.51 R" in report_parts.outcome(traded)
    assert report_parts.outcome(SignalOutcome(signal_id="s")) == ""


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()


def markup(app: AppTest) -> str:
    assert not app.exception, app.exception
    return " ".join(str(h.proto.body) for h in app.get("html"))


def test_the_analysis_page_shows_an_earlier_look_when_it_is_picked(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/analysis.py", monkeypatch, served.url)
    app.query_params["signal"] = "s6"
    app.run()
    shown = markup(app)
    assert "What it could cite" in shown
    assert "Waiting</h2>" in shown
    picker = app.selectbox(key="look_s6")
    assert len(picker.options) == 3
    assert "5 Jan 10:15 UTC" in shown
    picker.select_index(2).run()
    assert "5 Jan 09:15 UTC" in markup(app)
    app.selectbox(key="analysis_signal").select("s5").run()
    assert "Refused." in markup(app)


def test_a_signal_without_an_analysis_says_what_is_under_way(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/analysis.py", monkeypatch, served.url)
    app.query_params["signal"] = "s3"
    app.run()
    assert "The analysis is under way." in markup(app)
    served.state.signals[2]["status"] = "error"
    app.run()
    next(b for b in app.button if b.label == "Analyse now").click().run()
    assert served.state.signals[2]["status"] == "analysing"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pages/analysis.py", "Nothing to analyse yet"),
        ("pages/track_record.py", "No signal is followed in this period"),
    ],
)
def test_pages_without_data_say_what_is_missing(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Served("empty")
    try:
        assert said in markup(page(name, monkeypatch, one.url).run())
    finally:
        one.stop()


def test_the_last_figures_stay_while_the_api_is_away(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page("pages/track_record.py", monkeypatch, served.url).run()
    assert "1.62 USD" in markup(app)
    assert "each plan by its own stop" in markup(app)
    assert "3 of 418 plans could not be followed, 2 of them past stop or target" in markup(app)
    app.segmented_control(key="record_view").set_value("model").run()
    assert "Offline analyst" in markup(app)
    served.stop()
    app.run()
    shown = markup(app)
    assert "Cannot reach the screener." in shown
    assert "1.62 USD" in shown


def test_a_link_to_a_signal_that_is_gone_is_a_problem_not_a_crash(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page("pages/analysis.py", monkeypatch, served.url)
    app.query_params["signal"] = "gone"
    app.run()
    assert "No such signal" in markup(app)
    app.selectbox(key="analysis_signal").select("s2").run()
    assert "What it could cite" in markup(app)


@pytest.mark.parametrize(("row", "said"), [(ENTERS, "when you approve"), (WAITS, "were it entered")])
def test_only_an_entry_is_said_to_need_approval(row: dict[str, Any], said: str) -> None:
    levels = signal_parts.Levels(100.0, 99.0, (102.0,))
    assert said in signal_parts.levels_row(levels, row["side"], row["decision"])


def test_the_way_of_the_entered_is_told_as_means_before_fees_and_not_as_results() -> None:
    record = OutcomeSummary.model_validate(fake_outcomes.summary(""))
    assert record.all.mean_mfe_r is not None and record.all.mean_mae_r is not None
    figures = record_parts.figures(record)
    went = f"{text.signed(record.all.mean_mfe_r)} for, {text.signed(record.all.mean_mae_r)} against"
    assert f"on the way {went}" in figures
    shown = figures + record_parts.groups(record.by_strategy, "Strategy")
    assert not any(word in shown.lower() for word in ("best", "worst"))
    assert "the mean of all that ended, before fees" in record_parts.terms(record)
