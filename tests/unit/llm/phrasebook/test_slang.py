"""What traders say in words of their own."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter
from tests.unit.llm.phrasebook.slang_sentences import NAMED_BEFORE, SENTENCES

_ROWS, _NAMED = (
    [line.partition(" => ") for line in table.replace("\n    ", " ").strip().splitlines()]
    for table in (SENTENCES, NAMED_BEFORE)
)


@pytest.mark.parametrize(("sentence", "meant"), [(sentence, meant) for sentence, _, meant in _ROWS])
def test_slang_is_read_with_nothing_left(sentence: str, meant: str) -> None:
    direction, _, match = meant.strip().partition(": ")
    made = translate(sentence.strip())
    assert (made.interval, made.direction, made.not_understood) == ("1h", direction, ())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match}\n", "1h").hash, made.code


@pytest.mark.parametrize(("sentence", "match"), [(sentence, match) for sentence, _, match in _NAMED])
def test_an_average_named_before_goes_by_its_length(sentence: str, match: str) -> None:
    made = translate(sentence.strip())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match.strip()}\n", "1h").hash, made.code


def test_a_profit_or_a_loss_is_how_the_trade_ends() -> None:
    made = translate("RSI over 70 on 1h, short, and I'm out with 0.4% profit or 0.3% loss")
    meant = "match = ta.rsi(close, 14) > 70\nstop = close * 1.003\ntarget = close * 0.996\n"
    assert compile_filter(made.code, "1h").hash == compile_filter(meant, "1h").hash, made.code
