"""The strategies that benchmarks draw: they compile, stay the same for a seed, and differ from each other."""

from __future__ import annotations

import pytest

from benchmarks.distribution import strategies
from screener import compile_filter


@pytest.mark.parametrize("wild", [False, True])
def test_every_drawn_strategy_compiles_on_the_finest_interval_it_reads(wild: bool) -> None:
    for base, text in strategies(150, 5, wild):
        assert compile_filter(text, base).intervals[0] == base


@pytest.mark.parametrize("wild", [False, True])
def test_a_seed_names_the_strategies(wild: bool) -> None:
    assert strategies(50, 1, wild) == strategies(60, 1, wild)[:50]
    assert strategies(50, 1, wild) != strategies(50, 2, wild)


def test_the_wild_share_less() -> None:
    def share(wild: bool) -> float:
        programs = [compile_filter(text, base) for base, text in strategies(200, 1, wild)]
        texts = [c.text for p in programs for c in p.conditions]
        return len(set(texts)) / len(texts)

    assert share(True) > 0.9 > share(False)
