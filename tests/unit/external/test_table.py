"""The table agrees with the library that is installed, and what is refused says why."""

import inspect
import json
import random
from pathlib import Path

import pytest

from screener.external import catalogue, survey
from screener.external.catalogue import EXTERNALS, MEASURED_VERSION, check, external_catalogue, refusal
from screener.external.library import installed_version
from screener.external.model import FIELDS, MAX_LENGTH
from screener.external.rows_more import REFUSED, ROWS
from screener.vocabulary.indicators import INDICATORS

library = pytest.importorskip("pandas_ta_classic")
_STORED = json.loads(Path(survey.__file__).with_name("catalogue.json").read_text(encoding="utf-8"))


def test_the_table_was_measured_on_the_installed_version() -> None:
    assert installed_version() == MEASURED_VERSION, "run: python -m screener.external.survey"


def test_every_name_of_the_library_has_a_place() -> None:
    names = {name for names in library.Category.values() for name in names}
    assert len(names) > 150
    assert names <= set(EXTERNALS) | set(INDICATORS)
    assert set(ROWS) | set(REFUSED) <= names
    assert not set(ROWS) & set(REFUSED)
    assert not set(EXTERNALS) & set(INDICATORS)
    assert set(_STORED["rows"]) == set(ROWS)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_fits_the_function_it_names(name: str) -> None:
    row = ROWS[name]
    known = inspect.signature(getattr(library, name)).parameters
    fields = {"open_" if field == "open" else field for field in row.fields}
    required = {p.name for p in known.values() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}
    assert required <= fields <= set(known)
    names = [argument.name for argument in row.arguments]
    assert names == [p for p in known if p in names], "arguments keep the library's order"
    for argument in row.arguments:
        assert argument.name not in ("offset", "talib", "mamode")
        assert argument.low <= argument.default <= argument.high
        # A starting level is no length.
        if argument.kind == "int" and argument.name != "initial":
            assert argument.low >= 0 and argument.high <= MAX_LENGTH
    outputs = [column for column in row.columns if column != "-"]
    assert len(set(outputs)) == len(outputs)
    assert all(output.isidentifier() and output.islower() for output in outputs)
    assert set(row.fields) <= set(FIELDS.values())
    assert row.meaning and not row.meaning.endswith(".")


def test_measuring_again_finds_the_same() -> None:
    for name in random.sample(sorted(ROWS), 4):
        again = survey.measure(name)
        stored = dict(_STORED["rows"][name])
        again.pop("cost", None), stored.pop("cost", None)
        assert again == stored, name


def test_measuring_again_refuses_the_same() -> None:
    for name in ("dpo", "tos_stdevall"):
        assert survey.measure(name) == _STORED["rows"][name]


def test_what_looks_ahead_is_refused_and_dpo_has_a_switch() -> None:
    assert EXTERNALS["dpo"].verdict == "looks ahead"
    assert not EXTERNALS["dpo"].usable
    said = refusal("dpo", EXTERNALS["dpo"].defaults)
    assert said is not None
    assert "looks ahead" in said.message and "changes when later" in said.message
    assert said.hint == "write ta.dpo(centered=False)"
    assert check("dpo", {"length": 20, "centered": False}) is None
    assert check("dpo", {"length": 50, "centered": False}) is None
    assert "looks ahead" in (check("dpo", {"length": 50, "centered": True}) or "")
    assert "looks ahead" in (check("tos_stdevall", {}) or "")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_has_another_name_or_needs_more_is_refused_with_advice(name: str) -> None:
    if name in INDICATORS:
        assert name not in EXTERNALS
        return
    said = refusal(name, {})
    assert said is not None
    assert REFUSED[name][0] in said.message
    assert REFUSED[name][1] in (said.hint, said.message.split(", ", 1)[-1])


def test_an_unknown_name_is_refused() -> None:
    for name in ("__class__", "os", "vwap", "AnalysisIndicators", "yf", "x" * 500):
        assert name not in EXTERNALS
        assert check(name, {}) is not None


def test_another_version_of_the_library_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "installed_version", lambda: "9.9.9")
    catalogue._version_fault.cache_clear()
    try:
        assert "only" in (check("fisher", EXTERNALS["fisher"].defaults) or "")
    finally:
        catalogue._version_fault.cache_clear()


def test_the_documentation_has_a_line_for_every_name() -> None:
    lines = external_catalogue()
    assert {line.name for line in lines} == set(EXTERNALS)
    assert len(lines) == len(EXTERNALS)
    usable = [line for line in lines if line.usable]
    assert len(usable) > 100
    assert lines[: len(usable)] == usable
    by_name = {line.name: line for line in lines}
    assert by_name["fisher"].signature == "ta.fisher(length=9, signal=1)"
    assert by_name["fisher"].outputs == ("fisher", "signal")
    assert "size of the price" in by_name["fisher"].remark
    assert "first candle held" in by_name["pvt"].remark
    assert "centered=False" in by_name["dpo"].remark
    assert all(line.remark for line in lines)
    assert all(line.meaning for line in usable)
