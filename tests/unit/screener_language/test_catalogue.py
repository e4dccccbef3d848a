"""The catalogue: every row compiles, its formula is the word's own graph, its reach is what the compiler says."""

from __future__ import annotations

import re

import pytest

from screener import IndicatorInfo, Program, catalogue, compile_filter
from screener.vocabulary.catalogue import example
from screener.vocabulary.functions_more import FUNCTIONS
from screener.vocabulary.indicators import INDICATORS
from screener.vocabulary.registry import Arg

ROWS = catalogue()
GIVEN = {"x": "close", "a": "close", "b": "open", "cond": "close > open", "price": "low", "osc": "volume", "n": "9",
         "lo": "open", "hi": "high", "left": "4", "right": "3", "length": "9", "where": "True", "k": "2"}  # fmt: skip
FORMULAS = [name for name, row in INDICATORS.items() if not row.source.splitlines()[-1].startswith("#")]
IN_WORDS = {"sma", "ema", "rma", "wma", "kama", "aroon", "supertrend", "psar", "cci", "stdev", "obv", "ad"}


def program(text: str) -> Program:
    return compile_filter(text, "15m")


def of(group: str) -> list[IndicatorInfo]:
    return [row for row in ROWS if row.group == group]


def value_of(row: IndicatorInfo) -> str:
    if row.group == "indicator":
        return f"ta.{row.name}({example(INDICATORS[row.name].args)})"
    if row.group == "function":
        return f"{row.name}({example(FUNCTIONS[row.name].args)})"
    return {"pattern": f"cdl.{row.name}()", "external": f"ta.{row.name}({row.args})"}[row.group]


def compiled(value: str) -> Program:
    """`value` as a match, whether it is a number or a condition."""
    return program(f"match = {value}{'' if _is_condition(value) else ' != 12345'}")


def _is_condition(value: str) -> bool:
    try:
        program(f"match = {value}")
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("row", [r for r in ROWS if r.group != "trade"], ids=lambda r: r.signature)
def test_every_row_compiles_and_reads(row: IndicatorInfo) -> None:
    for output in row.outputs or ("",):
        found = compiled(f"{value_of(row)}.{output}" if output else value_of(row))
        assert found.reading.endswith(".")
        assert row.meaning
        assert row.kind == "path" or row.reach is not None


def test_the_open_trade() -> None:
    assert [row.signature for row in of("trade")] == [
        "trade.bars", "trade.price", "trade.at_entry(x)", "trade.highest(x)", "trade.lowest(x)",
    ]  # fmt: skip


def test_nothing_of_the_language_is_missing() -> None:
    named = {row.name for row in of("indicator")}
    assert len(named) == 48
    assert {"kama", "aroon", "psar", "supertrend", "squeeze", "volume_ratio"} <= named
    assert len(of("function")) == 37
    assert len(of("pattern")) == 61
    assert len(of("external")) > 100
    assert not named & {row.name for row in of("external")}


def arguments(args: tuple[Arg, ...]) -> list[str]:
    """A line per argument: `length = 9`."""
    texts = {a.name: GIVEN.get(a.name) if a.default is None else f"{a.default:g}" for a in args if a.kind != "interval"}
    return [f"{name} = {text}" for name, text in texts.items()]


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_is_the_indicator(name: str) -> None:
    row = INDICATORS[name]
    lines = [*arguments(row.args), *row.source.splitlines()]
    written = {line.split(" = ")[0] for line in lines}
    inner = ", ".join(a.name for a in row.args if a.kind != "interval")
    for output in row.outputs or (name,):
        ends = "" if output in ("on", "off") else " != 12345"
        line = f"{output}_line" if f"{output}_line" in written else output
        member = f".{output}" if row.outputs else ""
        expected = program("\n".join([*arguments(row.args), f"match = ta.{name}({inner}){member}{ends}"]))
        assert program("\n".join([*lines, f"match = {line}{ends}"])).hash == expected.hash, output


def test_formulas_that_words_say() -> None:
    assert set(INDICATORS) - set(FORMULAS) == IN_WORDS
    assert all(row.source for row in INDICATORS.values())


@pytest.mark.parametrize("name", [n for n, row in FUNCTIONS.items() if row.source])
def test_the_formula_is_the_function(name: str) -> None:
    row = FUNCTIONS[name]
    given = arguments(tuple(a for a in row.args if a.name != "hidden"))
    inner = ", ".join(a.name for a in row.args if a.name != "hidden")
    *lines, last = row.source.splitlines()
    ends = "" if _is_condition(f"{name}({example(row.args)})") else " != 12345"
    made = program("\n".join([*given, *lines, f"result = {last}", f"match = result{ends}"]))
    assert made.hash == program("\n".join([*given, f"match = {name}({inner}){ends}"])).hash


REACHES = {
    "rsi": (188, "fading"), "sma": (19, "finite"), "bbands": (19, "finite"), "aroon": (14, "finite"),
    "kama": (3323, "fading"), "obv": (1, "path"), "supertrend": (133, "path"), "macd": (242, "fading"),
    "crossover": (1, "finite"), "highest": (19, "finite"), "percentrank": (20, "finite"), "rank": (0, "finite"),
    "barssince": (0, "path"), "bullish_divergence": (30, "finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", REACHES)
def test_reach(name: str) -> None:
    (row,) = [r for r in ROWS if r.name == name and r.group in ("indicator", "function")]
    assert (row.reach, row.kind) == REACHES[name]


def test_signatures() -> None:
    signatures = {row.name: row.signature for row in ROWS if row.group != "trade"}
    assert signatures["rank"] == "rank(x, where=True)"
    assert signatures["max"] == "max(a, b, ...)"
    assert signatures["engulfing"] == "cdl.engulfing()"
    assert signatures["bearish_divergence"] == "bearish_divergence(price, osc, n, left=5, right=5, hidden=False)"
    assert signatures["supertrend"] == "ta.supertrend(length=10, mult=3)"
    assert re.fullmatch(r"ta\.dpo\(.*centered=False.*\)", signatures["dpo"])
