"""Any text at all: a program or a FilterError, in time, and the report of it too.

1. Raw text, in all of Unicode and in the letters that programs are made of.
2. Valid programs of the whole language with pieces cut out, doubled, swapped and strange ones put in.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener import FilterError, compile_filter, compile_report
from tests.property.profiles import examples
from tests.property.programs import SETTINGS, SYMBOLS, texts
from tests.unit.screener_language.hostile.pieces import PIECES
from tests.unit.screener_language.hostile.work import MOST_CALLS, counted


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """The library of the long tail is loaded by the first program that asks for it: a million calls, once."""
    compile_filter("match = ta.dx(19) > 25", "15m")


def survives(text: str) -> None:
    try:
        with counted() as work:
            program = compile_filter(text, "1h", SYMBOLS)
    except FilterError as error:
        assert error.diagnostics
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for d in error.diagnostics:
            assert d.code.startswith("F")
            assert 1 <= d.line <= len(lines)
            assert 1 <= d.column <= len(lines[d.line - 1]) + 1
            assert d.message
            assert str(d)
    else:
        assert program.conditions
        assert program.reading
    assert work.calls < MOST_CALLS
    report = compile_report(text, "1h", SYMBOLS)
    assert report["ok"] is not bool(report["errors"])


@examples(300)
@given(
    st.one_of(
        st.text(max_size=300),
        st.text(alphabet="acehlmotx_.()[]{}'\"=<>+-*/%,:#\n \t\\0123456789", max_size=300),
        st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join),
        st.lists(st.sampled_from(PIECES), max_size=60).map("".join).map(lambda t: f"match = {t}"),
        st.binary(max_size=300).map(lambda b: b.decode("utf-8", "surrogateescape")),
    )
)
def test_any_text(text: str) -> None:
    survives(text)


def mutated(text: str, seed: int, strokes: int) -> str:
    """The text after some strokes of a careless or hostile hand."""
    rng = random.Random(seed)
    for _ in range(strokes):
        a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + rng.choice([1, 1, 2, 5, 40]))
        match rng.randrange(6):
            case 0:
                text = text[:a] + text[b:]
            case 1:
                text = text[:a] + text[a:b] * 2 + text[b:]
            case 2 | 3:
                text = text[:a] + rng.choice(PIECES) + text[a:]
            case 4:
                text = text[:a] + text[b:] + text[a:b]
            case 5:
                text = text[:a] + text[a:b].swapcase() + text[b:]
    return text


@examples(300)
@given(
    texts(SETTINGS[1], budget=12, results=True),
    st.integers(0, 2**32),
    st.integers(0, 6),
)
def test_any_mutated_program(text: str, seed: int, strokes: int) -> None:
    survives(mutated(text, seed, strokes))
