"""The made-up market: the same each time, whole candles above, months out of days."""

from __future__ import annotations

import numpy as np
import pytest

from llm.evals.market import END, SYMBOLS, fingerprint, synthetic
from screener import compile_filter
from screener.engine.replay import Candles, replay
from screener.intervals import INTERVAL_MS, interval_ms, is_multiple, open_of


@pytest.mark.parametrize("base", INTERVAL_MS)
def test_every_interval_above_is_made_of_whole_candles(base: str) -> None:
    market = synthetic(base)
    opens, fields = market.series[base]
    assert market.symbols == SYMBOLS and int(opens[-1]) + interval_ms(base) == open_of(END, base)
    assert set(market.series) == {i for i in INTERVAL_MS if is_multiple(i, base)}
    for above, (times, made) in market.series.items():
        assert [open_of(int(t), above) for t in times] == times.tolist()
        assert (np.diff(times) == interval_ms(above)).all()
        for t, row in list(zip(times, range(len(times)), strict=True))[:3]:
            inside = (opens >= t) & (opens < t + interval_ms(above))
            assert inside.sum() == interval_ms(above) // interval_ms(base)
            assert np.array_equal(made["high"][row], fields["high"][inside].max(axis=0))
            assert np.array_equal(made["close"][row], fields["close"][inside][-1])
            assert np.allclose(made["volume"][row], fields["volume"][inside].sum(axis=0))
    assert (fields["low"] <= np.minimum(fields["open"], fields["close"])).all()
    assert (fields["high"] >= np.maximum(fields["open"], fields["close"])).all() and (fields["low"] > 0).all()


def test_it_is_the_same_each_time() -> None:
    one, two = synthetic("4h").series["4h"][1], synthetic("4h").series["4h"][1]
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert len(fingerprint()) == 12


def test_months_come_out_of_days() -> None:
    program = compile_filter('match = close > tf("1M").close', "4h")
    history = replay(program, Candles(*synthetic("4h")))
    assert 0.1 < (history.match == 1).mean() < 0.9


def test_an_interval_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="unknown interval"):
        synthetic("7m")
