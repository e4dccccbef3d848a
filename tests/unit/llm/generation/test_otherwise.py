"""What a model's program says otherwise than the sentence goes back to it once, and is then told."""

from __future__ import annotations

import pytest

from llm import PhrasebookModel, generate_strategy
from tests.fixtures.writers import DESCRIPTION, GOOD, SENTENCE, draft
from tests.unit.llm.generation.test_drafts import Scripted, described

TURNED = GOOD.replace("< 30", "> 30")


async def test_a_comparison_turned_round_goes_back_once() -> None:
    model = Scripted(described(), draft(TURNED), draft())
    made = await generate_strategy(model, SENTENCE)
    assert "seems to say: RSI(14) of the close is below 30. The program says: RSI(14) of the close is above 30." in (
        model.last()
    )
    assert (made.filter_code, made.attempts) == (GOOD, 2)
    assert made.checks.disagreements == []


async def test_a_model_that_insists_is_asked_no_more_and_both_readings_are_told() -> None:
    model = Scripted(described(), draft(TURNED), draft(TURNED))
    made = await generate_strategy(model, SENTENCE)
    assert model.texts == []
    assert made.filter_code == TURNED
    (row,) = made.checks.disagreements
    assert SENTENCE[row.start : row.end] == row.words
    assert any(row.words in note and row.asked in note and row.said in note for note in made.assumptions)


async def test_a_stop_on_the_wrong_side_goes_back() -> None:
    sentence = f"{SENTENCE}, stop 2%"
    model = Scripted(described(), draft(f"{GOOD}stop = close * 1.02\n"), draft(f"{GOOD}stop = close * 0.98\n"))
    made = await generate_strategy(model, sentence)
    assert "not below the entry" in model.last()
    assert made.attempts == 2 and made.checks.contradictions == []


async def test_the_offline_translator_never_disagrees_with_itself() -> None:
    made = await generate_strategy(
        PhrasebookModel(), "either RSI below 30 within 5 candles or ADX above 25, 1h, stop 2%"
    )
    assert made.checks.disagreements == []


@pytest.mark.parametrize(
    "sentence",
    ["In the last 4 hours RSI was below 30 on 15m", "RSI below 30 at some point of the last 4 hours, 15m candles"],
)
async def test_how_far_back_is_no_interval(sentence: str) -> None:
    code = "match = within(ta.rsi(close, 14) < 30, 16)\n"
    conditions = ["RSI(14) is below 30 within the last 16 candles"]
    made = await generate_strategy(Scripted(described(interval="15m", conditions=conditions), draft(code)), sentence)
    assert (made.interval, made.attempts) == ("15m", 1)
    assert (made.checks.unused, made.checks.disagreements) == ([], [])
    wrong = await generate_strategy(
        Scripted(
            described(interval="4h", conditions=conditions), draft("match = ta.rsi(close, 14) < 30\n"), draft(code)
        ),
        sentence,
    )
    assert (wrong.interval, wrong.filter_code) == ("15m", code)
    assert DESCRIPTION["interval"] == "15m"


@pytest.mark.parametrize("ending", ["exit = trade.bars >= 1", "stop = low"])
async def test_an_end_of_the_trade_that_nobody_asked_for_goes_back(ending: str) -> None:
    model = Scripted(described(), draft(f"{GOOD}{ending}\n"), draft())
    made = await generate_strategy(model, SENTENCE)
    assert f"({ending.partition(' = ')[2]}), which the sentence does not name" in model.last()
    assert (made.filter_code, made.attempts, made.checks.invented) == (GOOD, 2, [])


async def test_a_stop_that_is_missing_is_named_to_the_model_and_then_to_the_person() -> None:
    sentence = f"{SENTENCE}, stop 2%, target 4%"
    model = Scripted(described(), draft(), draft())
    made = await generate_strategy(model, sentence)
    assert 'The sentence says "stop 2%"' in model.last()
    assert made.not_understood == ["stop 2%", "target 4%"]


async def test_what_nobody_can_compare_is_told_and_asks_for_no_other_draft() -> None:
    sentence = "Kaufe, wenn der RSI unter 30 fällt und der Kurs über der 200er Linie von 4h liegt, 15m"
    made = await generate_strategy(Scripted(described(), draft()), sentence)
    assert (made.attempts, made.checks.unheld) == (1, [sentence])
