"""What traders say in words of their own."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter
from tests.unit.llm.phrasebook.slang_sentences import SENTENCES

_ROWS = [line.partition(" => ") for line in SENTENCES.replace("\n    ", " ").strip().splitlines()]


@pytest.mark.parametrize(("sentence", "meant"), [(sentence, meant) for sentence, _, meant in _ROWS])
def test_slang_is_read_with_nothing_left(sentence: str, meant: str) -> None:
    direction, _, match = meant.strip().partition(": ")
    made = translate(sentence.strip())
    assert (made.interval, made.direction, made.not_understood) == ("1h", direction, ())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match}\n", "1h").hash, made.code
