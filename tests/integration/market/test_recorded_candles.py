"""Every recorded file parses, its gaps are those its description counts, and longer candles are made as the exchange
made them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from market.candle_file import read_held
from market.history import intervals_of, symbols_in
from tests.integration.market.recorded_candles import BEGIN, DOCUMENT, KLINES, compare, gaps_within, outages, written

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not KLINES.is_dir(), reason=f"no recorded candles at {KLINES}"),
]


def test_every_file_parses_and_has_the_gaps_that_are_known() -> None:
    gaps: Counter[tuple[str, str]] = Counter()
    files: Counter[tuple[str, str]] = Counter()
    for folder in sorted(KLINES.iterdir()):
        for symbol in symbols_in(folder):
            for label, path in intervals_of(folder / symbol).items():
                held = read_held(path, label)
                assert len(held.times) and (np.diff(held.times) > 0).all(), path
                files[folder.name, label] += 1
                gaps[folder.name, label] += len(gaps_within(held, label))
    assert sum(files.values()) == sum(1 for path in KLINES.rglob("*") if path.suffix in (".parquet", ".csv"))
    assert {key: count for key, count in gaps.items() if count} == {
        ("spot_top10", "4h"): 44,
        ("freqtrade_testdata", "1m"): 1214,
        ("freqtrade_testdata", "5m"): 23,
    }


def test_longer_candles_equal_the_recorded_ones() -> None:
    rows = compare(confirmed=False)
    assert {(row.source, row.target) for row in rows} >= {("15m", "4h"), ("1h", "4h"), ("1h", "1d"), ("4h", "1w")}
    for row in rows:
        assert row.equal > 400 and not row.different and not row.ours_only, (row.source, row.target)
        # Unknown to us only where a part is missing, which is the case for 4h alone.
        assert bool(row.exchange_only) == (row.source == "4h")


def test_with_the_gaps_confirmed_nothing_is_unknown() -> None:
    for row in compare(confirmed=True):
        assert not row.different and not row.exchange_only and not row.ours_only, (row.source, row.target)


def test_the_document_lists_the_differences() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert BEGIN in text and len(outages()) == 8
    assert text == written(text), "run python -m tests.integration.market.recorded_candles"
