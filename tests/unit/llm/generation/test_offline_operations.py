"""What the operations answer offline.

Each part of an edited condition lands where it belongs, reasons are told, and the operations agree with each other.
"""

from __future__ import annotations

import asyncio

import pytest

from llm.generation import (
    GeneratedFilter,
    GenerationFailed,
    filter_from_sentence,
    generate_metadata,
    generate_strategy,
    regenerate_filter,
)
from llm.phrasebook import PhrasebookModel
from llm.schemas import Direction
from screener import compile_filter

OFFLINE = PhrasebookModel()
BEFORE = """dip = ta.rsi(close, 14) < 30
trend = close > tf("4h").ema(close, 200)
match = dip or trend
late = ta.rsi(close, 14) > 60
exit = late or trade.bars >= 20
stop = close * 0.98
"""


def _again(*conditions: str, before: str = "", direction: Direction = "long", interval: str = "15m") -> GeneratedFilter:
    return asyncio.run(regenerate_filter(OFFLINE, conditions, interval=interval, direction=direction, previous=before))


def _same(made: GeneratedFilter, program: str) -> bool:
    return made.program.hash == compile_filter(program, made.program.base).hash


PLACES = [
    (["RSI below 30", "exit when RSI above 70"], "match = ta.rsi(close, 14) < 30\nexit = ta.rsi(close, 14) > 70"),
    (["RSI below 30, exit when RSI above 70"], "match = ta.rsi(close, 14) < 30\nexit = ta.rsi(close, 14) > 70"),
    (["RSI below 30", "stop at 2 ATR"], "match = ta.rsi(close, 14) < 30\nstop = close - 2 * ta.atr(14)"),
    (["RSI below 30", "take profit at 5%"], "match = ta.rsi(close, 14) < 30\ntarget = close * 1.05"),
    (["hold at most 24 candles", "RSI below 30"], "match = ta.rsi(close, 14) < 30\nexit = trade.bars >= 24"),
    (
        ["RSI below 30", "stop 2%", "a target of 2R"],
        "match = ta.rsi(close, 14) < 30\nstop = close * 0.98\ntarget = close * 1.04",
    ),
    (["RSI below 30 on 1h", "on the 15m chart"], 'match = tf("1h").rsi(close, 14) < 30'),
    (
        ["RSI below 30", "while BTC is above its 4h 200 EMA"],
        'match = ta.rsi(close, 14) < 30 and symbol("BTCUSDT").close > symbol("BTCUSDT").tf("4h").ema(close, 200)',
    ),
]


@pytest.mark.parametrize(("conditions", "program"), PLACES)
def test_an_edited_condition_lands_where_it_belongs(conditions: list[str], program: str) -> None:
    made = _again(*conditions)
    assert _same(made, program), made.code
    assert not made.not_understood
    assert {source.condition for source in made.sources} == set(conditions)


def test_a_short_leaves_when_it_is_covered_and_stops_above() -> None:
    made = _again("RSI above 70", "cover when RSI below 30", "stop 2%", direction="short")
    assert _same(made, "match = ta.rsi(close, 14) > 70\nexit = ta.rsi(close, 14) < 30\nstop = close * 1.02")


def test_selling_ends_a_long_and_begins_a_short() -> None:
    assert _same(_again("RSI below 30", "sell when RSI above 70"), PLACES[0][1])
    assert _same(_again("sell when RSI above 70", direction="short"), "match = ta.rsi(close, 14) > 70")


def test_an_edited_exit_takes_the_place_of_the_conditions_and_keeps_the_holding_time() -> None:
    made = _again("RSI below 30", "close above the 4h 200 EMA", "exit when RSI above 75", before=BEFORE)
    expected = BEFORE.replace("late or", "ta.rsi(close, 14) > 75 or").replace("late = ta.rsi(close, 14) > 60\n", "")
    assert _same(made, expected), made.code
    assert any("takes the place" in note for note in made.assumptions)


def test_an_edited_holding_time_keeps_the_exit() -> None:
    made = _again("RSI below 30", "close above the 4h 200 EMA", "hold at most 8 candles", before=BEFORE)
    assert _same(made, BEFORE.replace(">= 20", ">= 8")), made.code


def test_a_target_of_the_risk_is_one_of_the_stop_before() -> None:
    made = _again("RSI below 30", "close above the 4h 200 EMA", "a target of 2R", before=BEFORE)
    assert _same(made, BEFORE + "target = close + 2 * (close - close * 0.98)\n"), made.code


def test_a_programs_own_readings_give_the_program_again() -> None:
    readings = [condition.reading for condition in compile_filter(BEFORE, "15m").conditions]
    assert len(readings) == 3
    assert _same(_again(*readings, before=BEFORE), BEFORE)
    edited = [reading.replace("30", "25") for reading in readings[1:]]
    assert _same(_again(readings[0], *edited, before=BEFORE), BEFORE.replace("< 30", "< 25"))
    both = _again(readings[0], before=BEFORE)
    assert _same(both, BEFORE), both.code


def test_one_alternative_less_leaves_alternatives() -> None:
    before = "a = ta.rsi(close, 14) < 30\nb = close > open\nc = volume > 25\nmatch = a or b or c\n"
    made = _again("RSI below 30", "close above open", before=before)
    assert _same(made, "match = ta.rsi(close, 14) < 30 or close > open"), made.code
    assert any("any of them" in note for note in made.assumptions)


def test_a_condition_that_stays_keeps_its_name() -> None:
    strategy = asyncio.run(generate_strategy(OFFLINE, "RSI below 30 and volume above 1000 on 15m"))
    made = _again(strategy.conditions[1], before=strategy.filter_code)
    name = strategy.filter_code.splitlines()[1].split(" = ")[0]
    assert made.code.splitlines() == [strategy.filter_code.splitlines()[1], f"match = {name}"]


@pytest.mark.parametrize(
    ("end", "turned"),
    [
        ("stop = close * 0.98", "stop = close * 1.02"),
        ("stop = close - 2 * ta.atr(14)", "stop = close + 2 * ta.atr(14)"),
        ("stop = trade.highest(close) * 0.97", "stop = trade.lowest(close) * 1.03"),
        ("target = close + 1.5 * ta.atr(10)", "target = close - 1.5 * ta.atr(10)"),
    ],
)
def test_what_ends_a_trade_turns_with_the_direction(end: str, turned: str) -> None:
    before = f"match = ta.rsi(close, 14) > 70\n{end}\n"
    made = _again("RSI above 70", before=before, direction="short")
    assert _same(made, before.replace(end, turned)), made.code
    assert any("turned to the side of a short" in note for note in made.assumptions)
    assert _same(_again("RSI above 70", before=before), before)


def test_a_stop_on_the_side_of_a_gain_is_put_right_and_said() -> None:
    made, _ = _filter("short when RSI above 70 on 15m, stop 1% below the entry, target 2% above")
    assert "stop = close * 1.01" in made.code
    assert "A stop below the entry cannot end a short trade: it was put above it." in made.assumptions
    assert "A target above the entry cannot end a short trade: it was put below it." in made.assumptions
    made, _ = _filter("buy when RSI below 30 on 15m, stop 1% below the entry, target 2% above")
    assert not any("cannot end" in note for note in made.assumptions)


def test_what_only_ends_a_trade_is_no_entry() -> None:
    with pytest.raises(GenerationFailed, match="only ends a trade"):
        _again("exit when RSI above 70")


REASONS = [
    (["RSI above 70 on 5m"], "“RSI above 70 on 5m”: 5m is finer than the strategy's 15m candles"),
    (["RSI below 30", "RSI above 70"], "F022.*cannot hold together"),
    (["the frobnication is purple"], "“the frobnication is purple”: no condition was found in it"),
    (["the news are good"], "“the news are good”: .*not in the market data"),
]


@pytest.mark.parametrize(("conditions", "reason"), REASONS)
def test_why_an_edited_condition_was_not_taken_is_told_by_its_words(conditions: list[str], reason: str) -> None:
    with pytest.raises(GenerationFailed, match=reason) as failed:
        _again(*conditions)
    assert list(failed.value.not_understood) == conditions


def test_a_condition_that_was_left_out_is_told_beside_those_that_were_taken() -> None:
    made = _again("RSI below 30", "MFI below 20 on 5m")
    assert made.not_understood == ("MFI below 20 on 5m",)
    assert any("5m is finer" in note for note in made.assumptions)


def test_edited_conditions_state_what_was_assumed() -> None:
    assert "RSI has no length given: 14 candles." in _again("RSI below 25").assumptions


def test_code_is_taken_as_a_condition() -> None:
    assert _same(_again("ta.rsi(close, 7) < 25"), "match = ta.rsi(close, 7) < 25")


def _filter(
    sentence: str, *conditions: str, direction: Direction | None = None, interval: str | None = None
) -> tuple[GeneratedFilter, str]:
    made, metadata = asyncio.run(
        filter_from_sentence(OFFLINE, sentence, interval=interval, direction=direction, conditions=conditions)
    )
    return made, metadata.direction


def test_a_filter_says_the_conditions_given_and_keeps_the_sentences_stop() -> None:
    made, _ = _filter("RSI below 30 on 15m, stop 2%", "RSI below 25")
    assert _same(made, "match = ta.rsi(close, 14) < 25\nstop = close * 0.98"), made.code


@pytest.mark.parametrize(("side", "other"), [("short", "long"), ("long", "short")])
def test_an_option_against_the_sentence_is_told_whichever_of_both_holds(side: Direction, other: Direction) -> None:
    made, direction = _filter(f"{side}, RSI < 20 on 1h", direction=other, interval="15m")
    assert (direction, made.program.base) == (other, "1h")
    assert "The sentence names 1h, so 1h is the base, not 15m." in made.assumptions
    assert f"“{side}” seems to say: {side}. The filter says: {other}." in made.assumptions
    made, _ = _filter(f"{side}, RSI < 20 on 1h", direction=side, interval="1h")
    assert not any("names 1h" in note or "seems to say" in note for note in made.assumptions)


def test_conditions_make_a_filter_of_a_sentence_without_one() -> None:
    made, _ = _filter("a dip", "RSI below 25 on 1h")
    assert made.program.base == "1h"
    assert _same(made, "match = ta.rsi(close, 14) < 25")


def test_a_direction_that_was_asked_for_holds_and_is_no_assumption() -> None:
    made, direction = _filter("RSI above 70, stop 2%", direction="long")
    assert direction == "long"
    assert "stop = close * 0.98" in made.code
    assert not any("direction" in note for note in made.assumptions)
    made, direction = _filter("buy when RSI below 30, stop 2%", direction="short")
    assert (direction, "stop = close * 1.02" in made.code) == ("short", True)


@pytest.mark.parametrize("sentence", ["RSI above 70, stop 2%", "price up 3% in 4 hours", "RSI below 30 on 1h"])
def test_a_filter_has_the_interval_the_direction_and_the_program_of_the_strategy(sentence: str) -> None:
    made, direction = _filter(sentence)
    strategy = asyncio.run(generate_strategy(OFFLINE, sentence))
    assert (made.program.base, direction, made.code) == (strategy.interval, strategy.direction, strategy.filter_code)
    assert set(made.assumptions) == set(strategy.assumptions)


@pytest.mark.parametrize("sentence", ["RSI below 30 on 1h", "9 EMA crosses above the 21 EMA on 4h", "a hammer"])
def test_metadata_has_the_sort_and_the_difficulty_of_the_strategy(sentence: str) -> None:
    metadata = asyncio.run(generate_metadata(OFFLINE, sentence))
    strategy = asyncio.run(generate_strategy(OFFLINE, sentence))
    assert (metadata.category, metadata.difficulty) == (strategy.category, strategy.difficulty)
    assert metadata.category != "other"


def test_a_filter_that_cannot_be_says_why() -> None:
    with pytest.raises(GenerationFailed, match=r"^What was read cannot be a filter: F022"):
        _filter("RSI above 70 and RSI below 30")
