"""`screener analyse` over a folder of candles: its JSON, its errors, and nothing from after the moment asked for."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import cli

from .conftest import MINUTE_15, make_candles

FILTER = "match = ta.rsi(close, 14) < 101\nstop = close - 3 * ta.atr(14)\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for symbol, seed in (("ETHUSDT", 1), ("BTCUSDT", 2)):
        (tmp_path / symbol).mkdir()
        with (tmp_path / symbol / "15m.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["open_time", "open", "high", "low", "close", "volume"])
            for c in make_candles(seed):
                writer.writerow([c.open_time, c.open, c.high, c.low, c.close, c.volume])
    for name in ("SCREENER_MODEL", "SCREENER_MODEL_FAST", "SCREENER_MODEL_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder: Path, *more: str) -> Result:
    arguments = ["analyse", "--data", str(folder), "--symbol", "ETHUSDT", "--interval", "15m", *more]
    return CliRunner().invoke(cli, arguments)


def test_it_prints_one_analysis_as_json(folder: Path) -> None:
    (folder / "filter.txt").write_text(FILTER)
    result = run(folder, "--strategy", str(folder / "filter.txt"), "--bars", "30", "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert made["decision"] in ("enter_trade", "wait", "bad_setup")
    assert made["grounding"]["passed"]
    assert made["model"] == "offline analyst (rules)"
    snapshot = made["snapshot"]
    assert len(snapshot["candles"]) == 30
    assert snapshot["conditions"][0]["text"] == "rsi(close, 14) < 101"
    assert snapshot["stop"] < made["price"]
    assert snapshot["context"]["leader"] == "BTCUSDT"
    assert snapshot["tick_size"] == "0.01"
    assert {row["name"] for row in snapshot["table"]} > {"ta.rsi(close, 14)", "ta.vwap()"}
    assert len(made["snapshot_hash"]) == 64


def test_at_a_moment_nothing_later_is_known(folder: Path) -> None:
    candle = make_candles(1)[150]
    whole = json.loads(run(folder, "--at", "2023-11-16T12:00:00Z", "--json").stdout)
    assert whole["candle_close"] == "2023-11-16T12:00:00Z"
    assert whole["price"] == candle.close
    for symbol in ("ETHUSDT", "BTCUSDT"):
        path = folder / symbol / "15m.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([lines[0], *(x for x in lines[1:] if int(x.split(",")[0]) <= candle.open_time)]))
    cut = json.loads(run(folder, "--json").stdout)
    assert cut["snapshot_hash"] == whole["snapshot_hash"]
    assert candle.open_time + MINUTE_15 == candle.close_time


def test_it_prints_for_people(folder: Path) -> None:
    result = run(folder, "--direction", "short")
    assert result.exit_code == 0, result.output
    assert "ETHUSDT 15m short" in result.stdout
    assert "checks: all passed" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--strategy", "none.txt"], "there is no file none.txt"),
        (["--at", "2020-01-01"], "no 15m candle of ETHUSDT closed by then"),
        (["--strategy", "bad.txt"], "F0"),
        (["--strategy", "bad.json"], "filter_code"),
        (["--symbol", "XYZUSDT"], "XYZUSDT"),
        (["--bars", "0"], "bars"),
    ],
)
def test_bad_input_ends_with_two_and_says_what(folder: Path, arguments: list[str], says: str) -> None:
    (folder / "bad.txt").write_text("match = ")
    (folder / "bad.json").write_text('{"name": "x"}')
    result = run(folder, *arguments, "--json")
    assert result.exit_code == 2, result.output
    [error] = json.loads(result.stdout)["errors"]
    assert says in error["message"] or says in error["code"]
