"""Edited conditions, explanations, and what the offline translator says it cannot do."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel

from llm.models import ModelError, ModelRequest
from llm.phrasebook import PhrasebookModel
from llm.phrasebook.rework import rewritten
from llm.schemas import Explanation, FilterDraft
from screener import compile_filter

PROGRAM = """dip = ta.rsi(close, 14) < 30
trend = close > tf("4h").ema(close, 200)
match = dip or trend
late = ta.rsi(close, 14) > 60
exit = late or trade.bars >= 20
stop = close * 0.98
"""


def test_an_edited_condition_changes_alone() -> None:
    made = rewritten(["The 15m RSI(14) is below 25", "The 15m close is above the 4h EMA(200)"], PROGRAM, "15m")
    expected = PROGRAM.replace("< 30", "< 25")
    assert compile_filter(made.code, "15m").hash == compile_filter(expected, "15m").hash
    assert "dip = " in made.code
    assert made.sources[0] == ("dip", "The 15m RSI(14) is below 25")


def test_a_condition_less_joins_the_rest_and_says_so() -> None:
    made = rewritten(["RSI below 25"], PROGRAM, "15m")
    assert "match = condition_1\n" in made.code
    assert "stop = close * 0.98" in made.code
    assert made.assumptions


def test_a_condition_that_cannot_be_read_is_named() -> None:
    made = rewritten(["the frobnication is purple"], PROGRAM, "15m")
    assert (made.code, made.not_understood) == ("", ("the frobnication is purple",))


def test_a_condition_on_a_finer_interval_than_the_base_is_not_used() -> None:
    assert rewritten(["RSI below 30 on the 5m chart"], "", "1h").code == ""


def _ask(operation: str, schema: type[BaseModel], **variables: object) -> object:
    request: ModelRequest[BaseModel] = ModelRequest(
        operation=operation, messages=(), schema=schema, variables=variables, prompt_version="1"
    )
    return asyncio.run(PhrasebookModel().complete(request)).data


def test_the_model_regenerates_and_explains() -> None:
    draft = _ask(
        "generate.regenerate",
        FilterDraft,
        filter_code=PROGRAM,
        conditions=["RSI below 25"],
        interval="15m",
        symbols=None,
    )
    assert isinstance(draft, FilterDraft)
    assert "< 25" in draft.filter_code
    told = _ask("generate.explain", Explanation, filter_code=PROGRAM, interval="15m", direction="long")
    assert isinstance(told, Explanation)
    assert {"dip", "trend"} <= {row.name for row in told.conditions}
    assert "below 30" in told.summary


def test_the_model_says_that_it_cannot_mend() -> None:
    with pytest.raises(ModelError, match="cannot mend") as caught:
        _ask("generate.mend", FilterDraft, filter_code=PROGRAM, interval="15m", error="division by zero")
    assert caught.value.kind == "unsupported"
