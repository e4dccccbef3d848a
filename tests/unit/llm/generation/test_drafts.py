"""Drafts, what goes back to a model about them, and what is said of what stays wrong."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from llm import GenerationFailed, Message, ModelAnswer, ModelError, ModelRequest, PhrasebookModel, generate_strategy
from llm.answers import parse_answer
from llm.generation import (
    Usage,
    explain_filter,
    filter_from_sentence,
    generate_metadata,
    mend_filter,
    regenerate_filter,
)
from llm.generation.drafts import in_words
from llm.models import Spender
from llm.schemas import Explanation
from screener import FilterError, compile_filter
from tests.fixtures.writers import BAD, CONDITIONS, DESCRIPTION, EXPLANATION, GOOD, SENTENCE, draft

Schema = TypeVar("Schema", bound=BaseModel)


class Scripted:
    """A model that answers with these texts in turn, each for 7 and 5 tokens and a cent."""

    name = "scripted"

    def __init__(self, *texts: str | ModelError) -> None:
        self.texts = list(texts)
        self.asked: list[tuple[Message, ...]] = []
        self.requests: list[Any] = []

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        self.asked.append(request.messages)
        self.requests.append(request)
        text = self.texts.pop(0)
        if isinstance(text, ModelError):
            raise text
        return ModelAnswer(parse_answer(text, request.schema, self.name), text, self.name, 7, 5, 0.01, 3.0)

    def last(self) -> str:
        """The last message of the last question."""
        return self.asked[-1][-1].content


def described(**changes: object) -> str:
    return json.dumps({**DESCRIPTION, **changes})


async def test_diagnostics_go_back_with_the_line_they_are_about() -> None:
    code = 'trend = close > tf("4h").ema(close, 200)\ndip = ta.rsii(close, 14) < 30\nmatch = dip and trend'
    with pytest.raises(FilterError) as wrong:
        compile_filter(code, "15m")
    model = Scripted(described(), draft(code), draft())
    made = await generate_strategy(model, SENTENCE)
    assert (made.attempts, made.first_try, made.calls) == (2, False, 3)
    assert str(wrong.value.diagnostics[0]) in model.last()
    assert "line 2 is: dip = ta.rsii(close, 14) < 30" in model.last()
    assert model.asked[-1][-2] == Message("assistant", code)


def test_a_line_of_thousands_of_letters_is_cut() -> None:
    code = "match = nothing_of_the_kind > " + " + ".join(["close"] * 400)
    with pytest.raises(FilterError) as wrong:
        compile_filter(code, "15m")
    assert all(len(problem) < 800 for problem in in_words(wrong.value, code))


async def test_what_the_program_leaves_out_goes_back_once_and_is_then_accepted() -> None:
    half = "dip = ta.rsi(close, 14) < 30\nmatch = dip\n"
    model = Scripted(described(), draft(half), draft())
    steps: list[str] = []

    async def progress(step: str) -> None:
        steps.append(step)

    made = await generate_strategy(model, SENTENCE, progress=progress)
    assert (made.attempts, made.first_try) == (2, True)
    assert made.filter_code == GOOD
    assert CONDITIONS[1] in model.last() and "EMA" in model.last()
    assert made.not_understood == []
    assert steps[-2:] == [
        "Compared it with the sentence, asked again about what is missing or added",
        "Wrote and compiled the filter, second try",
    ]


async def test_what_stays_left_out_is_said() -> None:
    half = "dip = ta.rsi(close, 14) < 30\nmatch = dip\n"
    model = Scripted(described(), draft(half), draft(half))
    made = await generate_strategy(model, SENTENCE)
    assert model.texts == []
    said = " ".join(made.not_understood)
    assert "EMA" in said and CONDITIONS[1] in said
    assert made.checks.unused


async def test_an_invented_indicator_goes_back_and_is_said() -> None:
    more = 'dip = ta.rsi(close, 14) < 30\ntrend = close > tf("4h").ema(close, 200)\nstrong = ta.adx(14).adx > 25\n'
    more += "match = dip and trend and strong\n"
    model = Scripted(described(), draft(more), draft(more))
    made = await generate_strategy(model, SENTENCE)
    assert "adx" in model.last().lower()
    assert any("adx" in note.lower() for note in made.assumptions)


async def test_a_worse_second_draft_is_not_taken() -> None:
    half = "dip = ta.rsi(close, 14) < 30\nmatch = dip\n"
    worse = "match = close > open\n"
    made = await generate_strategy(Scripted(described(), draft(half), draft(worse)), SENTENCE)
    assert made.filter_code == half


@pytest.mark.parametrize("later", [draft(BAD), "no JSON", ModelError("Gone.", kind="server", model="scripted")])
async def test_a_compiled_draft_survives_what_comes_after_it(later: str | ModelError) -> None:
    half = "dip = ta.rsi(close, 14) < 30\nmatch = dip\n"
    made = await generate_strategy(Scripted(described(), draft(half), later, later), SENTENCE)
    assert made.filter_code == half
    assert made.not_understood


async def test_every_condition_has_its_name_in_the_program() -> None:
    sources = [{"name": "dip", "condition": CONDITIONS[0], "words": "RSI below 30 on 15m"}]
    made = await generate_strategy(Scripted(described(), draft(sources=sources)), SENTENCE)
    assert [(s.name, s.condition) for s in made.spans] == [("dip", CONDITIONS[0]), ("trend", CONDITIONS[1])]
    assert made.spans[0].words == "RSI below 30 on 15m"


async def test_tokens_cost_and_calls_are_summed_over_every_call() -> None:
    failure = ModelError(
        "No.", kind="bad_answer", model="scripted", answer="?", input_tokens=3, output_tokens=1, cost=0.5
    )
    usage = Usage()
    made = await generate_strategy(Scripted(described(), failure, draft(BAD), draft()), SENTENCE, usage=usage)
    assert (made.input_tokens, made.output_tokens, made.calls, made.attempts) == (24, 16, 4, 3)
    assert made.cost == pytest.approx(0.53)
    assert (usage.model, usage.drafts) == ("scripted", 3)


async def test_one_call_without_a_price_makes_the_sum_unknown() -> None:
    usage = Usage()
    data = Explanation(summary="x")
    usage.add(ModelAnswer(data, "x", "m", 5, 5, 0.25))
    usage.add(ModelError("No connection.", kind="connection", model="m"))
    assert usage.price == 0.25
    usage.add(ModelAnswer(data, "x", "m", 5, 5, None))
    assert usage.price is None and usage.cost == 0.25


async def test_the_request_says_who_pays_and_how_it_is_asked() -> None:
    pieces: list[str] = []
    model = Scripted(described(), draft())
    await generate_strategy(model, SENTENCE, spender=Spender("u", "s"), on_text=pieces.append, fresh=True)
    for request in model.requests:
        assert request.spender == Spender("u", "s") and request.fresh and request.on_text == pieces.append
        assert request.prompt_version and request.max_tokens > 0


async def test_a_filter_alone_takes_interval_and_direction_from_the_sentence() -> None:
    model = Scripted(draft("match = ta.rsi(close, 14) > 70"))
    made, metadata = await filter_from_sentence(model, "short when RSI is above 70 on 4h", interval="15m")
    assert (metadata.interval, metadata.direction) == ("4h", "short")
    assert made.program.base == "4h"
    assert metadata.conditions == ["RSI(14) of the close is above 70."]


async def test_edited_conditions_hold_against_the_first_sentence() -> None:
    edited = [CONDITIONS[0].replace("30", "25"), CONDITIONS[1]]
    changed = GOOD.replace("30", "25")
    model = Scripted(draft(changed))
    made = await regenerate_filter(model, edited, interval="15m", previous=GOOD, sentence=SENTENCE)
    assert made.code == changed
    assert made.changes == (
        "No longer: RSI(14) of the close is below 30.",
        "New: RSI(14) of the close is below 25.",
    )
    assert GOOD.strip() in model.last() and edited[0] in model.last()
    assert made.not_understood == ()


async def test_an_edit_that_changes_how_a_trade_ends_says_so() -> None:
    before, after = f"{GOOD}\nstop = close * 0.98", f"{GOOD}\nstop = close * 0.95\nexit = ta.rsi(close, 14) > 70"
    made = await regenerate_filter(
        Scripted(draft(after)), [*CONDITIONS, "Stop 5 %", "Exit when RSI is above 70"], interval="15m", previous=before
    )
    assert made.changes == (
        "Stop at 5 % below the close; before: stop at 2 % below the close.",
        "New: Exit when RSI(14) of the close is above 70.",
    )


async def test_edited_conditions_offline() -> None:
    model = PhrasebookModel()
    edited = ["The 15m RSI(14) is below 25", "The 15m close is above the 4h EMA(200)"]
    made = await regenerate_filter(model, edited, interval="15m", previous=GOOD)
    assert "ta.rsi(close, 14) < 25" in made.code and 'tf("4h").ema(close, 200)' in made.code
    assert [s.condition for s in made.sources] == edited


async def test_an_unchanged_program_goes_back() -> None:
    model = Scripted(draft(), draft(GOOD.replace("30", "20")))
    edited = [CONDITIONS[0].replace("30", "20"), CONDITIONS[1]]
    made = await regenerate_filter(model, edited, interval="15m", previous=GOOD)
    assert made.attempts == 2
    assert "20" in made.code


async def test_a_failed_filter_is_mended_and_the_change_told() -> None:
    better = GOOD.replace("200", "100")
    model = Scripted(draft(better))
    made = await mend_filter(model, GOOD, "ValueError: too few candles of 4h", interval="15m", direction="long")
    assert "too few candles of 4h" in model.last()
    assert made.changes[1].startswith("New: The close is above the 100-period EMA of 4h closes")


async def test_a_filter_that_cannot_be_mended_says_so() -> None:
    same = draft(not_understood=["nothing else means the same"])
    with pytest.raises(GenerationFailed, match="no filter that means the same") as failed:
        await mend_filter(Scripted(same), GOOD, "ValueError: too few candles", interval="15m")
    assert failed.value.not_understood == ("nothing else means the same",)


async def test_the_offline_translator_mends_no_error_of_a_run_and_says_what_is_wrong() -> None:
    with pytest.raises(GenerationFailed, match="SCREENER_MODEL") as failed:
        await mend_filter(PhrasebookModel(), "match = ta.macd(close) > 0", "it failed", interval="15m")
    assert "several outputs" in failed.value.problems[0] and "line 1 is: " in failed.value.problems[0]
    with pytest.raises(GenerationFailed, match="compiles now"):
        await mend_filter(PhrasebookModel(), GOOD, "it failed", interval="15m")


async def test_an_explanation_names_conditions_of_the_program_only() -> None:
    made, model = await explain_filter(Scripted(json.dumps(EXPLANATION)), GOOD, interval="15m")
    assert model == "scripted"
    assert [row.name for row in made.conditions] == ["dip"]


async def test_the_offline_explanation_is_the_reading() -> None:
    made, model = await explain_filter(PhrasebookModel(), GOOD, interval="15m", direction="short")
    assert model == "offline translator"
    assert [row.name for row in made.conditions] == ["dip", "trend"]
    assert "short" in made.summary and "RSI(14) of the close is below 30" in made.summary
    with pytest.raises(FilterError):
        await explain_filter(PhrasebookModel(), BAD, interval="15m")


@pytest.mark.parametrize(
    ("conditions", "interval"),
    [((), "15m"), (("x",) * 31, "15m"), (("x" * 401,), "15m"), ((" ",), "15m"), (("RSI below 30",), "7m")],
)
async def test_what_cannot_be_taken_costs_nothing(conditions: tuple[str, ...], interval: str) -> None:
    model = Scripted()
    with pytest.raises(GenerationFailed) as failed:
        await regenerate_filter(model, conditions, interval=interval)
    assert failed.value.kind == "input" and model.asked == []


async def test_an_unreadable_description_is_asked_for_once_more() -> None:
    model = Scripted('{"name": 3}', described(category="Mean-Reversion", difficulty="??"))
    made = await generate_metadata(model, SENTENCE)
    assert (made.category, made.difficulty) == ("mean reversion", "intermediate")
    assert "name" in model.last()


async def test_category_and_difficulty_are_read_off_the_program_where_nobody_says_them() -> None:
    made = await generate_strategy(PhrasebookModel(), "close breaks above the 20 candle high on 1h")
    assert made.category == "breakout"
    rows = [
        (await generate_strategy(PhrasebookModel(), text)).difficulty
        for text in ("RSI below 30 on 15m", "RSI below 30 on 15m while price is above the 4h 200 EMA and the 1d 50 EMA")
    ]
    assert rows[0] == "beginner" and rows[1] != "beginner"
