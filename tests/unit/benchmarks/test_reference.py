"""The benchmarks' own reference says what the engine says, hit by hit, and a wrong engine would be noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.distribution import Drawn, drawn, strategies
from benchmarks.engine.adapter import Screening
from benchmarks.engine.steps import stepped
from benchmarks.reference import Hits, Reference, leaves
from benchmarks.synthetic import LENGTH, MARKET_START, Market, market
from screener import compile_filter
from screener.engine.replay import Candles, replay

ROOT = Path(__file__).resolve().parents[3]
CHECKED = 30


@pytest.fixture(scope="module")
def candles() -> Market:
    return market(symbols=20, candles=300, minutes=60)


def replayed(candles: Market, strategies: list[Drawn], until: int) -> Hits:
    """Hits and edges of the last minutes by the engine's replay, one strategy after the other."""
    hits = Hits()
    source = Candles(candles.symbols, candles.series)
    for number, (base, text, _) in enumerate(strategies):
        history = replay(compile_filter(text, base), source, until=until)
        late = history.times > until - CHECKED * LENGTH["1m"]
        for edges, flags in ((False, history.match[late] == 1), (True, history.edges[late])):
            row, symbol = np.nonzero(flags)
            hits.add(np.full(len(row), number), symbol, history.times[late][row], edges)
    return hits


@pytest.mark.parametrize("wild", [False, True])
@pytest.mark.parametrize("minutes", [60, 47])
def test_it_agrees_with_the_engine(candles: Market, wild: bool, minutes: int) -> None:
    until = MARKET_START + minutes * LENGTH["1m"]
    strategies = drawn(50, 11, wild)
    expected, unknown = Reference(candles, until, CHECKED).found(strategies)
    found = replayed(candles, strategies, until)
    assert (found.hits, found.edges) == (expected.hits, expected.edges)
    assert found.checksum() == expected.checksum()
    assert expected.hits > 50
    assert expected.edges > 10
    assert 0.0 < unknown < 0.5


def test_stepping_agrees_too_and_counts_the_unknown(candles: Market) -> None:
    drawn_ = drawn(50, 11)
    screening = Screening(candles)
    screening.add(enumerate([compile_filter(text, base) for base, text, _ in drawn_]))
    steps, hits, unknown = stepped(screening, 60, 16)
    expected, share = Reference(candles, MARKET_START + 60 * LENGTH["1m"], 16).found(drawn_)
    assert len(steps) == 60
    assert hits.checksum() == expected.checksum()
    assert unknown == pytest.approx(share)


def test_every_kind_of_condition_is_drawn_and_decides(candles: Market) -> None:
    kinds = {leaf[0] for leaf in leaves(d.spec for d in drawn(200, 3))}
    assert len(kinds) == 15
    conditions = [Drawn(str(leaf[1]), "", leaf) for leaf in leaves(d.spec for d in drawn(60, 3))]
    counts = [Reference(candles, MARKET_START, CHECKED).found([c])[0].hits for c in conditions]
    assert len(set(counts)) > 30


def test_a_checksum_ignores_order_and_notices_one_hit() -> None:
    def made(rows: list[tuple[int, int, int]], edges: bool = False) -> str:
        hits = Hits()
        for strategy, symbol, close in rows:
            hits.add(np.array([strategy]), np.array([symbol]), close, edges)
        return hits.checksum()

    rows = [(3, 1, 60_000), (1, 2, 60_000), (1, 1, 120_000)]
    assert made(rows) == made(rows[::-1])
    assert len({made(rows), made(rows[:2]), made([*rows[:2], (1, 1, 180_000)]), made(rows, edges=True)}) == 4


def test_the_reference_runs_without_the_screener() -> None:
    request = {
        "symbols": 5, "candles": 60, "held": 60, "minutes": 0, "until": 0, "checked": 5,
        "strategies": 20, "seed": 1, "wild": False,
    }  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.reference", json.dumps(request)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(answer.stdout).keys() == {"hits", "edges", "unknown", "checksum", "edge_checksum"}


def test_the_text_of_a_strategy_is_its_tree(candles: Market) -> None:
    assert [(d.base, d.text) for d in drawn(30, 5, wild=True)] == strategies(30, 5, wild=True)
