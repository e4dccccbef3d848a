"""No word of the language looks ahead: the save gate finds nothing that blocks in any indicator or pattern.

Bit for bit: not even the last digits of a past value may change when later candles arrive.
"""

from __future__ import annotations

import pytest

from screener import FilterError, IndicatorInfo, Program, catalogue, compile_filter
from screener.engine.replay import Candles
from screener.gate import gate
from tests.unit.engine.walks import market

pytestmark = pytest.mark.slow
WORDS = [info for info in catalogue() if info.group in ("indicator", "pattern")]
# Slow ones of other tools, one for each way in which they remember.
EXTERNAL = ("alma", "cti", "ebsw", "fisher", "jma", "kst", "pvt", "ssf", "stc", "zlma")
CHOSEN = [*WORDS, *(info for info in catalogue() if info.group == "external" and info.name in EXTERNAL)]


@pytest.fixture(scope="module")
def candles() -> Candles:
    return market(symbols=3, candles=260, intervals=("15m", "1h"))


def written(info: IndicatorInfo) -> list[Program]:
    """A filter for each output, the first way of calling it that compiles."""
    prefix = "cdl" if info.group == "pattern" else "ta"
    found = []
    for output in info.outputs or ("",):
        for arguments in ("", "close", "close, 5"):
            term = f"{prefix}.{info.name}({arguments}){'.' if output else ''}{output}"
            match = _compiled(f"match = {term} > ({term})[1]") or _compiled(f"match = {term}")
            if match is not None:
                found.append(match)
                break
    return found


def _compiled(code: str) -> Program | None:
    try:
        return compile_filter(code, "15m")
    except FilterError:
        return None


def test_there_are_words() -> None:
    assert len(WORDS) > 100
    assert len(CHOSEN) - len(WORDS) >= 8


@pytest.mark.parametrize("info", CHOSEN, ids=lambda info: info.name)
def test_a_word_never_changes_its_past(info: IndicatorInfo, candles: Candles) -> None:
    programs = written(info)
    assert len(programs) == max(1, len(info.outputs))
    for program in programs:
        report = gate.check(program, candles)
        assert report.cuts == gate.CUTS
        assert not {f.code for f in report.findings} & {"G100", "G101", "G102"}, (program.source, report.findings)
