"""Rows as they are printed, written into the documentation, and chosen by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import benchmarks.engine
from app.commands.bench import bench
from benchmarks import document
from benchmarks.rows import Row

ROOT = Path(__file__).resolve().parents[3]
ROW = Row("engine.x", 1.23456, "ms", 12.3456, {"nodes": 5, "share": 0.025, "reference": "not ready", "load": 9.0})


def test_a_line_has_five_columns_and_then_details() -> None:
    columns = ROW.line().split()
    assert columns[:5] == ["engine.x", "1.235", "ms", "12.35", "10"]
    assert columns[5:] == ["nodes=5", "share=0.025", "reference=not_ready", "load=9"]
    assert Row("engine.y", 123456.7, "ms").line().split() == ["engine.y", "123457", "ms", "-", "-"]


def test_figures_replace_those_of_their_benchmark_only(tmp_path: Path) -> None:
    file = tmp_path / "doc.md"
    begin, end = document.mark("engine"), document.END
    file.write_text(f"head\n{begin}\nold\n{end}\nmiddle\n{document.mark('demo')}\nkept\n{end}\ntail\n")
    document.write(file, [ROW])
    text = file.read_text()
    assert "old" not in text
    assert "| `engine.x` | 1.235 | ms | 12.35 | 10 | nodes 5, share 0.025, reference not_ready |" in text
    assert text.startswith("head\n")
    assert text.endswith(f"middle\n{document.mark('demo')}\nkept\n{end}\ntail\n")
    document.write(file, [ROW])
    assert file.read_text() == text


def test_a_document_without_a_place_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "doc.md"
    file.write_text("nothing here\n")
    with pytest.raises(ValueError, match="no place"):
        document.write(file, [ROW])
    assert file.read_text() == "nothing here\n"


def test_the_documentation_has_a_place_for_each_benchmark() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    for module in benchmarks.BENCHMARKS:
        assert document.mark(module) in text


def test_the_steps_come_first() -> None:
    assert benchmarks.engine.names()[:3] == ["engine.step.1000", "engine.step.10000", "engine.step.10000.wild"]


def test_the_command_lists_and_refuses() -> None:
    listed = CliRunner().invoke(bench, ["--list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()] == list(benchmarks.BENCHMARKS)
    for name in ("nothing", "engine.nothing"):
        refused = CliRunner().invoke(bench, [name])
        assert refused.exit_code == 2


def test_a_wrong_result_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Row("engine.x", 1.0, "ms", failure="3 hits, the reference has 4")
    monkeypatch.setattr(benchmarks.engine, "run", lambda wanted: iter([ROW, wrong]))
    found = CliRunner().invoke(bench, ["engine"])
    assert found.exit_code == 1
    assert len([line for line in found.output.splitlines() if line.startswith("engine.x")]) == 2
    assert "the reference has 4" in found.output
