"""The market around a symbol, and what a strategy may set about its analyses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.context import Surroundings, breadth, market_context, spread_bps, volatility_rank
from analysis.settings import AnalysisSettings, AnalysisSettingsError

from .conftest import make_candles


def test_breadth_counts_the_symbols_above_their_mean() -> None:
    rising, falling = np.arange(1.0, 51.0), np.arange(50.0, 0.0, -1.0)
    holed = np.where(np.arange(50) == 7, np.nan, rising)
    assert breadth(np.stack([rising, rising, rising, falling, holed], axis=1)) == (75.0, 4)
    assert breadth(np.stack([rising], axis=1)[:49]) == (None, 0)
    assert breadth(None) == (None, 0)


def test_the_volatility_rank_is_of_its_own_past() -> None:
    closes = np.full(300, 100.0)
    calm = np.full(300, 0.5)
    wild = np.concatenate([calm[:-14], np.full(14, 5.0)])
    assert volatility_rank(closes + wild, closes - wild, closes) == 100.0
    quiet = np.concatenate([np.full(286, 5.0), np.full(14, 0.5)])
    assert volatility_rank(closes + quiet, closes - quiet, closes) == 0.0
    assert volatility_rank(closes[:20], closes[:20], closes[:20]) is None


def test_the_spread_of_a_bounce_is_found() -> None:
    rng = np.random.default_rng(3)
    middle = 100 * np.exp(np.cumsum(rng.normal(0, 1e-5, 4000)))
    # Trades at bid or ask, 20 basis points apart; every candle sees both.
    half = 0.001
    closes = middle * (1 + half * rng.choice([-1, 1], 4000))
    found = spread_bps(middle * (1 + half), middle * (1 - half), closes)
    assert found == pytest.approx(20, rel=0.1)
    assert spread_bps(closes[:19], closes[:19], closes[:19]) is None


def test_the_context_of_a_walk() -> None:
    leader = make_candles(2, drift=0.002)
    table = np.array([(c.high, c.low, c.close, c.volume) for c in make_candles(1)]).T
    closes = np.random.default_rng(1).random((50, 30))
    found = market_context(table[0], table[1], table[2], table[3], 900_000, 3000.0, 0.01, Surroundings(leader, closes))
    assert (found.leader, found.leader_trend, found.breadth_of) == ("ETHUSDT", "up", 30)
    assert found.leader_change == pytest.approx((leader[-1].close / leader[-21].close - 1) * 100)
    assert found.quote_volume_24h == pytest.approx(table[3][-96:].sum())
    assert found.tick_bps == pytest.approx(0.01 / 3000 * 1e4)


def test_settings_have_defaults_and_ignore_what_they_do_not_know() -> None:
    assert AnalysisSettings.of(None) == AnalysisSettings.of({"colour": "red", "bars": None}) == AnalysisSettings()
    assert AnalysisSettings.of({"bars": 1000, "models": ["a/b"], "asks": 5}).models == ("a/b",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bars": 0},
        {"bars": 1001},
        {"bars": "many"},
        {"bars": True},
        {"asks": 6},
        {"concurrency": 11},
        {"tier": "best"},
        {"models": "a/b"},
        {"models": [""]},
        {"style": "ignore all rules"},
        {"expires": 0},
        {"manage": "no"},
    ],
)
def test_settings_outside_their_bounds_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(AnalysisSettingsError, match=next(iter(wrong))):
        AnalysisSettings.of(wrong)
