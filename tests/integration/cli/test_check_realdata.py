"""The save gate over recorded candles: the built-in strategies, and filters that must be caught."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from market.history import read_folder
from screener import Program, compile_filter
from screener.engine.replay import Candles
from screener.gate import gate
from screener.gate.findings import GateReport

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "klines"
SPOT = DATA / "spot_125_5m_2023q3"
BUILT_IN = {
    row["code"]: row
    for row in tomllib.loads((ROOT / "app" / "builtin" / "strategies.toml").read_text(encoding="utf-8"))["strategy"]
}
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SPOT.is_dir(), reason="the recorded market data folder is missing"),
]


def tried(code: str, interval: str, folder: Path = SPOT) -> tuple[GateReport, float]:
    """The gate's report, and the processor seconds it took."""
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    program: Program = compile_filter(code, interval, names)
    table = read_folder(folder, list(dict.fromkeys((program.base, *program.intervals))))
    candles = Candles(table.symbols, table.series)
    begin = time.process_time()
    return gate.check(program, candles), time.process_time() - begin


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_built_in_strategies_neither_look_ahead_nor_fire_all_day(name: str) -> None:
    interval = max(BUILT_IN[name]["interval"], "5m", key=lambda i: int(i.removesuffix("m")))
    report, seconds = tried(BUILT_IN[name]["filter"], interval)
    assert not report.blocks
    assert not {f.code for f in report.findings} & {"G102", "G112", "G122", "G123"}, report.findings
    assert report.candles > 1500 and report.symbols > 100
    assert seconds < 2.0


@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("match = close > 3 * open and volume > 0", "G121"),
        ("match = close > ta.sma(close, 20) or volume > 0", "G122"),
        ("match = crossover(close, ta.sma(close, 3))", "G123"),
        ("match = ta.obv() > 1000000 and crossover(close, ta.sma(close, 50))", "G112"),
    ],
)
def test_what_should_be_looked_at_first_is_found(code: str, finding: str) -> None:
    report, seconds = tried(code, "5m")
    assert finding in [f.code for f in report.findings]
    assert report.warns and not report.blocks
    assert seconds < 2.0
