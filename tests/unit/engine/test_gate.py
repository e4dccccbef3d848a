"""The save gate: what each finding says, that it is found where it should be, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from screener import Program, compile_filter
from screener.engine.panel import Panel
from screener.engine.replay import Candles, ConditionValue, History, replay
from screener.gate import gate
from screener.gate.findings import Finding, GateReport
from screener.gate.gate_candles import held, sample_of, until, without_first
from screener.gate.gate_counts import OFTEN_A_DAY
from screener.intervals import interval_ms
from tests.unit.engine.walks import END, market


def check(code: str, candles: Candles, **more: Any) -> GateReport:
    return gate.check(compile_filter(code, "15m"), candles, **more)


def only(report: GateReport, code: str) -> Finding:
    (found,) = [f for f in report.findings if f.code == code]
    return found


def codes(report: GateReport) -> list[str]:
    return [f.code for f in report.findings]


DIP = "match = crossunder(ta.rsi(close, 14), 30) and close < ta.sma(close, 50)"


def test_an_ordinary_filter_has_nothing_but_information() -> None:
    report = check(DIP, market())
    assert not report.blocks and not report.warns
    assert codes(report) == ["G111", "G125"]
    truth = replay(compile_filter(DIP, "15m"), market())
    assert report.signals == int(truth.edges.sum())
    assert report.days == 600 * 15 / 1440
    assert report.signals_a_day == pytest.approx(report.signals / report.days)
    assert report.true_share == pytest.approx((truth.match == 1).sum() / (truth.match >= 0).sum())
    assert report.known_share == pytest.approx((truth.match >= 0).mean())
    assert f"{report.signals:,} on the 600 candles of 15m held (6 days) on 12 symbols" in only(report, "G125").message
    assert report.cuts >= 2
    # Nothing is known before 50 candles are held, and Wilder's average still differs a little after.
    assert report.settled_after is not None and report.settled_after >= 49


def test_the_same_filter_gives_the_same_findings() -> None:
    first, second = check(DIP, market()), check(DIP, market())
    assert first.findings == second.findings
    assert first.cuts == second.cuts


def test_level_counts_every_candle_on_which_it_is_true() -> None:
    candles = market()
    truth = replay(compile_filter(DIP, "15m"), candles)
    assert check(DIP, candles, trigger="level").signals == int((truth.match == 1).sum())


def test_only_the_strategys_own_symbols_are_counted() -> None:
    candles = market()
    report = check(DIP, candles, symbols=["S3USDT", "S7USDT"])
    truth = replay(compile_filter(DIP, "15m"), candles)
    assert report.symbols == 2
    assert report.signals == int(truth.edges[:, [3, 7]].sum())


@pytest.mark.parametrize(
    ("code", "fault", "says"),
    [
        ("match = ta.rsi(close, 14) < 1 and close > open", "rsi(close, 14) < 1", "never true by itself"),
        ("up = close > open\nmatch = up and close < open[0] * 0.5", "close < open[0] * 0.5", "never true by itself"),
        ("match = close > 2 * open", "", ""),
    ],
)
def test_a_filter_that_never_matched_warns_and_names_the_condition(code: str, fault: str, says: str) -> None:
    found = only(check(code, market()), "G121")
    assert found.severity == "warns"
    assert "never matched on the 600 candles" in found.message
    assert found.condition == fault
    assert says in found.message
    assert found.hint


def test_conditions_that_are_never_true_together() -> None:
    code = "match = ta.rsi(close, 14) < 30 and rising(close, 3) and close > highest(high, 20)[1]"
    found = only(check(code, market()), "G121")
    assert "never all together" in found.message
    assert found.condition == "close > highest(high, 20)[1]" or "rsi" in found.condition


def test_a_filter_that_is_true_most_of_the_time_warns() -> None:
    report = check("match = close > open or volume > 1", market())
    found = only(report, "G122")
    assert found.severity == "warns"
    assert report.true_share > 0.5
    assert f"{report.true_share:.0%}" in found.message


def test_a_filter_that_fires_absurdly_often_warns_and_names_the_loosest_condition() -> None:
    code = "match = close > open and volume > 1"
    report = check(code, market(symbols=60), trigger="level")
    found = only(report, "G123")
    assert report.signals_a_day > OFTEN_A_DAY
    assert found.condition == "volume > 1"
    assert "edge" in found.hint
    assert "G125" not in codes(report)


def test_a_filter_that_is_never_known_warns() -> None:
    report = check("match = close > ta.sma(close, 900)", market())
    found = only(report, "G124")
    assert found.severity == "warns"
    assert found.condition == "close > sma(close, 900)"
    assert only(report, "G113").message.startswith("Less history is held than it looks back: 600 of 900 candles")


def test_a_condition_that_is_never_known_is_blamed_where_the_rest_is_false_at_times() -> None:
    found = only(check("match = close > ta.sma(close, 900) and close > open", market()), "G121")
    assert found.condition == "close > sma(close, 900)"
    assert "never known" in found.message


def test_few_candles_say_nothing_about_how_often() -> None:
    report = check("match = close > open or volume > 1", market(candles=299))
    assert not report.warns
    assert "299 candles of 15m" in only(report, "G126").message
    assert check("match = close > open or volume > 1", market(candles=300)).warns


def test_no_candles_is_not_checked() -> None:
    empty = Candles(("S0USDT",), {})
    report = check(DIP, empty)
    assert codes(report) == ["G100"]
    assert not report.blocks and not report.warns


def test_a_running_total_against_a_fixed_level_does_not_settle() -> None:
    report = check("match = ta.obv() > 0 and crossover(close, ta.sma(close, 20))", market())
    found = only(report, "G112")
    assert found.severity == "warns"
    assert "a running total" in found.message
    assert found.condition == "obv() > 0"


def test_a_running_total_against_its_own_average_settles() -> None:
    report = check("match = crossover(ta.obv(), ta.sma(ta.obv(), 20))", market())
    assert "a running total" in only(report, "G111").message
    assert report.settled_after is not None and 20 <= report.settled_after < 30


class Wrapped:
    """A history that can be spoilt."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.match = history.match.copy()
        self.edges = history.edges.copy()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.history, name)


def test_a_filter_that_looks_ahead_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ahead(Wrapped):
        """Its match is that of the next candle, where there is one."""

        def __init__(self, history: History) -> None:
            super().__init__(history)
            self.match = np.vstack([history.match[1:], history.match[-1:]])

    monkeypatch.setattr(gate, "replay", lambda program, candles: Ahead(replay(program, candles)))
    report = check("match = close > open", market())
    found = only(report, "G101")
    assert report.blocks
    assert report.findings[0] == found
    assert "changes when later ones arrive" in found.message
    assert "UTC was " in found.message


def spoilt(by: float) -> type[Wrapped]:
    class Spoilt(Wrapped):
        """The left side of the condition depends on how many candles there are; its answer does not."""

        def conditions(self, cells: list[tuple[int, int]]) -> list[list[ConditionValue]]:
            factor = 1 + by * len(self.history.times)
            rows = self.history.conditions(cells)
            return [[v._replace(left=None if v.left is None else v.left * factor) for v in row] for row in rows]

    return Spoilt


def test_a_value_that_changes_without_changing_the_answer_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = spoilt(1e-5)
    monkeypatch.setattr(gate, "replay", lambda program, candles: kind(replay(program, candles)))
    report = check("match = close > open", market())
    found = only(report, "G101")
    assert report.blocks
    assert found.condition == "close > open"
    assert "became" in found.message


def test_last_digits_do_not_block(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = spoilt(1e-14)
    monkeypatch.setattr(gate, "replay", lambda program, candles: kind(replay(program, candles)))
    report = check("match = close > open", market())
    assert only(report, "G102").severity == "info"
    assert not report.blocks


def test_higher_intervals_are_cut_where_they_had_closed() -> None:
    candles = market(intervals=("15m", "1h", "4h"))
    close = END - 5 * interval_ms("15m")
    cut = until(candles, close)
    for name, (times, fields) in cut.series.items():
        assert times[-1] + interval_ms(name) <= close < times[-1] + 2 * interval_ms(name)
        assert all(len(values) == len(times) for values in fields.values())
    late = without_first(candles, 0.25, 150)
    assert [len(times) for times, _ in late.series.values()] == [450, 450, 450]
    assert not check("match = close > tf('4h').ema(close, 20) and close[1] < tf('1h').close", candles).blocks


def test_a_panel_is_copied_with_what_the_program_reads() -> None:
    candles = market(symbols=3, candles=50, intervals=("15m", "1h"))
    panel = Panel(candles.symbols, capacity=50)
    for name, (times, fields) in candles.series.items():
        for i, opened in enumerate(times):
            panel.append(name, int(opened), {f: v[i] for f, v in fields.items()})
    program = compile_filter("match = sell_volume > buy_volume and close > tf('1h').high", "15m")
    copy = held(program, panel)
    assert {name: set(fields) for name, (_, fields) in copy.series.items()} == {
        "15m": {"close", "volume", "buy_volume"},
        "1h": {"close", "high"},
    }
    there, here = replay(program, panel), replay(program, copy)
    np.testing.assert_array_equal(there.match, here.match)
    before = copy.series["15m"][1]["close"].copy()
    panel.put("15m", slice(0, 3), candles.series["15m"][0], {"close": np.zeros((50, 3))})
    panel.append("15m", END, {"close": np.zeros(3)})
    np.testing.assert_array_equal(copy.series["15m"][1]["close"], before)
    assert int(copy.series["15m"][0][-1]) == END - interval_ms("15m")


def test_a_large_market_is_sampled_by_the_filters_name() -> None:
    candles = market(symbols=400, candles=40)

    def names(code: str, *own: str) -> tuple[str, ...]:
        return sample_of(compile_filter(code, "15m", candles.symbols), candles, own, 300_000, 200).symbols

    plain = names("match = close > open")
    assert len(plain) == 200
    assert plain == names("match = open < close"), "the same filter, however it is written"
    assert plain != names("match = close > high[1]")
    assert "S399USDT" in names("match = close > symbol('S399USDT').close")
    assert names("match = close > open", "S1USDT") == ("S1USDT",)
    assert len(names("match = rank(close) <= 3 and close > open")) == 400, "a rank is among all"


def test_a_costly_filter_is_tried_on_fewer_and_the_rate_is_told_for_all() -> None:
    candles = market(symbols=60, candles=1000)
    cheap = check("match = crossover(close, ta.sma(close, 20))", candles)
    assert (cheap.symbols, cheap.sampled_symbols) == (60, 60)
    costly = check("match = crossover(close, ta.ht_trendline(close))", candles)
    assert 8 <= costly.symbols < 60
    assert 8 <= costly.sampled_symbols <= costly.symbols
    assert costly.held_symbols == 60
    assert costly.signals_a_day == pytest.approx(costly.signals / costly.days * 60 / costly.symbols)
    found = next(f for f in costly.findings if f.code in ("G123", "G125"))
    assert "a day on all 60" in found.message


def wide() -> Program:
    parts = [
        f"p{i} = ta.ema(close, {i + 5}) > ta.sma(close, {i + 9}) or ta.rsi(close, {i + 3}) > 50" for i in range(22)
    ]
    return compile_filter("\n".join(parts) + "\nmatch = " + " and ".join(f"p{i}" for i in range(22)), "15m")


@pytest.mark.slow
def test_a_wide_filter_is_looked_at_over_all_candles() -> None:
    candles = market(symbols=200, candles=1500, intervals=("15m", "4h"))
    report = gate.check(wide(), candles)
    assert report.candles == 1500 and report.symbols == 200
    assert report.sampled_symbols <= 200
