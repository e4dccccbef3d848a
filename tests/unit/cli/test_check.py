"""`screener check`: the save gate over a folder of candles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import cli
from screener.gate import gate
from screener.gate.findings import Finding, GateReport


def run(code: str, data: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["check", "-", "--data", str(data), "--interval", "1h", *more], input=code)


def report(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_findings_are_printed_with_what_was_tried(data: Path) -> None:
    result = run("match = crossover(close, ta.sma(close, 20))", data)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "The close crosses above the 20-period SMA of the close."
    assert "G125         Expect about" in result.stdout
    assert "3 symbols × 400 candles counted; 3 × 400 replayed over 5 cuts" in result.stderr


def test_json_has_findings_and_figures(data: Path) -> None:
    found = report(run("match = ta.rsi(close, 14) < 1 and close > open", data, "--json"))
    assert found["ok"] is True
    assert found["findings"][0]["code"] == "G121"
    assert set(found["findings"][0]) == {"code", "severity", "message", "hint", "condition"}
    assert found["cost"] > 0 and found["reach"]["1h"] > 0 and len(found["hash"]) == 32
    assert (found["symbols"], found["candles"]) == (3, 400)


def test_symbols_and_trigger_are_the_strategys(data: Path) -> None:
    code = "match = close > ta.sma(close, 20)"
    edge = report(run(code, data, "--json"))
    level = report(run(code, data, "--json", "--trigger", "level"))
    one = report(run(code, data, "--json", "--trigger", "level", "--symbol", "ETHUSDT"))
    assert edge["signals"] < level["signals"]
    assert one["symbols"] == 1 and 0 < one["signals"] < level["signals"]


def test_a_blocking_finding_is_a_failure(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = GateReport((Finding("G101", "blocks", "It changes.", "Leave it out.", "close > open"),), "1h")
    monkeypatch.setattr(gate, "check", lambda *_: found)
    result = run("match = close > open", data)
    assert result.exit_code == 1
    assert "G101 blocks  It changes. [close > open] Leave it out." in result.stdout
    assert report(run("match = close > open", data, "--json"))["ok"] is False


@pytest.mark.parametrize("more", [("--symbol", "NOPEUSDT"), ("--trigger", "both")])
def test_bad_input(data: Path, more: tuple[str, ...]) -> None:
    result = run("match = close > open", data, "--json", *more)
    assert result.exit_code == 2
    assert report(result)["errors"]


def test_a_broken_filter_is_bad_input(data: Path) -> None:
    result = run("match = smaa(close, 3) > 1", data)
    assert result.exit_code == 2
    assert "line 1" in result.stderr
