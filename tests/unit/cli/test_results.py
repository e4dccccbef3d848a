"""`screener scan` and `explain` show a filter's optional results: the score that ranks, the levels of the candle."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from click.testing import CliRunner, Result

from app.cli import cli

CODE = "up = close > open\nmatch = up and volume > 1\nscore = volume\nstop = low - 1\n"


def run(command: str, folder: Path, *more: str, code: str = CODE) -> Result:
    return CliRunner().invoke(cli, [command, "-", "--data", str(folder), "--interval", "1h", *more], input=code)


def test_the_matches_of_a_candle_are_ranked_by_score(data: Path) -> None:
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in run("scan", data, "--json", "--hits", "all").stdout.splitlines()
    ]
    assert len({row["candle_close"] for row in rows}) < len(rows)
    for before, after in pairwise(rows):
        assert before["candle_close"] <= after["candle_close"]
        if before["candle_close"] == after["candle_close"]:
            assert before["score"] >= after["score"]
    assert "score " in run("scan", data).stdout.splitlines()[0]
    plain = json.loads(run("scan", data, "--json", code="match = close > open").stdout.splitlines()[0])
    assert plain["score"] is None


def test_a_candle_is_explained_with_readings_and_results(data: Path) -> None:
    found = json.loads(run("explain", data, "--json", "--symbol", "ETHUSDT").stdout)
    last = {k: v[-1] for k, v in pq.read_table(data / "ETHUSDT" / "1h.parquet").to_pydict().items()}
    assert found["price"] == last["close"]
    assert found["score"] == last["volume"]
    assert found["stop"] == last["low"] - 1
    assert "target" not in found
    up, busy = found["conditions"]
    assert up == {
        "name": "up",
        "op": ">",
        "text": "close > open",
        "left": last["close"],
        "right": last["open"],
        "value": last["close"] > last["open"],
        "reading": up["reading"],
    }
    assert up["reading"] and busy["reading"]
    assert found["match"] is (up["value"] and busy["value"])
    shown = run("explain", data, "--symbol", "ETHUSDT").stdout
    assert up["reading"] in shown
    assert f"score: {last['volume']:.8g}" in shown
