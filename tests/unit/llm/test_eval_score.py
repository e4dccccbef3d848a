"""The figures of an answer: each moves with what it names, and only with that."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pytest

from app.grounds import MadeUpGround
from llm.evals.dataset import Case, DatasetError
from llm.evals.score import Answer, Scored, Scorer, f1, invented, told_share
from screener import compile_filter

GROUND: Final = MadeUpGround()
RSI: Final = "match = ta.rsi(close, 14) < 30"


def case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "id": "one", "style": "plain", "sentence": "RSI under 30 on 1h", "interval": "1h", "interval_named": True,
        "direction": "long", "filter": RSI, "uses": ["rsi"], "numbers": [30], "ambiguous": [], "not_expressible": [],
    }  # fmt: skip
    return Case.model_validate({**fields, **changes})


def scored(code: str | None, of: Case | None = None, interval: str = "1h", **said: Any) -> Scored:
    one = of or case()
    return Scorer([one], GROUND.symbols, GROUND).score(
        one, Answer(code, interval, said.pop("direction", "long"), **said)
    )


def test_the_reference_itself_is_right_in_everything() -> None:
    score, measures, output = scored(RSI)
    assert score == 1 and output["invented"] == []
    assert measures == {
        "compiled": 1, "f1": 1, "signals": 1, "same": 1, "interval": 1, "named_interval": 1, "direction": 1,
        "lost_number": 0, "invented": 0, "right": 1, "silent": 0, "first_try": 1,
    }  # fmt: skip


def test_another_spelling_of_the_same_matches_is_right_without_being_the_same_program() -> None:
    score, measures, _ = scored("match = 30 - ta.rsi(close, 14) > 0")
    assert score == 1 and measures["same"] == 0 and measures["right"] == 1


def test_agreement_falls_with_the_distance_of_a_level() -> None:
    near, far = scored("match = ta.rsi(close, 14) < 31"), scored("match = ta.rsi(close, 14) < 60")
    assert 1 > near.score > 0.7 > far.score > 0
    assert near.measures["lost_number"] == far.measures["lost_number"] == 1


def test_an_event_is_no_state_though_its_signals_are() -> None:
    _, measures, _ = scored("match = crossunder(ta.rsi(close, 14), 30)")
    assert measures["f1"] < 0.6 < 0.95 < measures["signals"]


def test_the_interval_is_looked_at_first() -> None:
    score, measures, _ = scored(RSI, interval="15m")
    assert score == 0 and measures["interval"] == measures["named_interval"] == measures["f1"] == 0
    assert measures["lost_number"] == 0 and measures["direction"] == 1
    assert "named_interval" not in scored(RSI, case(interval_named=False)).measures


def test_a_wrong_direction_shows_and_leaves_the_matches() -> None:
    score, measures, _ = scored(RSI, direction="short")
    assert score == 1 and measures["direction"] == 0


def test_a_number_counts_as_told_where_it_is_listed_and_as_held_where_a_default_holds_it() -> None:
    wanted = case(sentence="RSI of 14 under 30", numbers=[14, 30])
    assert scored("match = ta.rsi(close) < 35", wanted).measures["lost_number"] == 1
    assert scored("match = ta.rsi(close) < 35", wanted, not_understood=("30",)).measures["lost_number"] == 0
    assert scored("match = ta.rsi(close) < 30 and close > open", wanted).measures["lost_number"] == 0


def test_an_indicator_that_nobody_named_is_invented() -> None:
    one = scored(f"{RSI} and ta.adx().adx > 30 and cdl.hammer()", case(sentence="RSI under 30 with a hammer"))
    assert one.measures["invented"] == 1 and one.output["invented"] == ["adx"]
    fine = scored("match = ta.rsi(close, 14) < 60")
    assert fine.measures["invented"] == 0
    program = compile_filter("match = ta.ema(close, 9) > ta.sma(close, 20)", "1h")
    assert set(invented(program, None, "EMA(9) above its average")) == {"sma"}


def test_what_should_be_refused() -> None:
    impossible = case(filter=None, uses=[], numbers=[], not_expressible=["RSI under 30"])
    refused = scored(None, impossible, not_understood=("RSI under 30",))
    assert (refused.score, refused.measures) == (1, {"refused": 1, "right": 1, "silent": 0})
    made = scored(RSI, impossible)
    assert made.score == 0 and made.measures["refused"] == 0 and made.measures["silent"] == 1
    assert made.measures["told"] == 0 and made.measures["invented"] == 0
    assert scored(RSI, impossible, not_understood=("under 30",)).measures["silent"] == 0


def test_an_error_is_silent_only_where_nothing_is_listed() -> None:
    wrong = "match = close > open"
    assert scored(wrong).measures["silent"] == 1
    assert scored(wrong, not_understood=("RSI",)).measures["silent"] == 0
    assert scored(None).measures["silent"] == 0 and scored(RSI).measures["silent"] == 0


def test_no_program_and_one_that_does_not_compile_agree_on_nothing() -> None:
    for answer in (scored(None, reason="why"), scored("match = ta.rsii(close) < 30")):
        assert answer.score == answer.measures["compiled"] == answer.measures["f1"] == 0
        assert answer.output["reason"] and "direction" not in answer.measures


def test_words_are_told_from_their_main_words() -> None:
    assert told_share((), ()) == 1
    assert told_share(("the news are good", "funding"), ("good news",)) == 0.5
    assert told_share(("order book imbalance",), ("order book",)) == 1
    assert told_share(("order book imbalance",), ("book a hotel",)) == 0


def test_trades_are_followed_from_the_references_signals() -> None:
    ended = f"{RSI}\nexit = ta.rsi(close, 14) > 55\nstop = close * 0.95\ntarget = close * 1.1"
    one = case(filter=ended)
    assert scored(ended, one).measures["exits"] == 1
    spelled = f"{RSI}\nexit = 55 < ta.rsi(close, 14)\nstop = 0.95 * close\ntarget = close * 11 / 10"
    assert scored(spelled, one).measures["exits"] == pytest.approx(1)
    tighter = ended.replace("0.95", "0.97")
    assert scored(tighter, one).measures["exits"] == pytest.approx(2 / 3)
    later = scored(ended.replace("> 55", "> 60"), one).measures["exits"]
    assert 2 / 3 < later < 1
    assert scored(RSI, one).measures["exits"] == 0 and scored(RSI, one).score == 1
    assert scored(f"{RSI}\nstop = close * 0.9").measures["exits"] == 0
    trailing = case(filter=f"{RSI}\nstop = trade.highest(high) * 0.9")
    assert scored(f"{RSI}\nstop = 0.9 * trade.highest(high)", trailing).measures["exits"] == pytest.approx(1)
    assert scored(f"{RSI}\nstop = close * 0.9", trailing).measures["exits"] < 0.5


def test_a_dataset_whose_reference_does_not_compile_is_told_with_the_case() -> None:
    with pytest.raises(DatasetError, match=r"case one: the reference does not compile: .*rsii"):
        Scorer([case(filter="match = ta.rsii(close) < 30")], GROUND.symbols, GROUND)


def test_f1_of_sets() -> None:
    none, some, other = (np.array(v, dtype=bool) for v in ([0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]))
    assert (f1(none, none), f1(none, some), f1(some, some), f1(some, other)) == (1, 0, 1, 0.5)
