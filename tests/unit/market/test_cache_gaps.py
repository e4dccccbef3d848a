"""What the history cache lacks, and what the exchange never had."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from market.cache import HistoryCache, gaps_of
from tests.unit.market.candle_blocks import block, end, numbers
from tests.unit.market.market_fake import MINUTE


def test_what_is_missing_and_what_the_exchange_has_not(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    assert cache.missing("AUSDT", "1m", end(0), end(5)) == [(end(0), end(5))]
    cache.write(block(5, 5))
    cache.write(block(12, 3))
    assert cache.missing("AUSDT", "1m", end(0), end(20)) == [
        (end(0), end(5)), (end(10), end(12)), (end(15), end(20))
    ]  # fmt: skip
    assert cache.missing("AUSDT", "1m", end(6), end(9)) == []
    assert cache.missing("AUSDT", "1m", end(9), end(9)) == []
    cache.write(block(0, 0), [(end(0), end(5)), (end(10), end(11))])
    assert cache.missing("AUSDT", "1m", end(0), end(15)) == [(end(11), end(12))]
    assert HistoryCache(tmp_path).held("AUSDT", "1m").absent == ((end(0), end(5)), (end(10), end(11)))
    # Candles that come after all are held, and no longer called absent.
    cache.write(block(10, 1))
    cache.write(block(2, 1))
    assert cache.held("AUSDT", "1m").absent == ((end(0), end(2)), (end(3), end(5)))
    assert cache.missing("AUSDT", "1m", end(0), end(15)) == [(end(11), end(12))]


@given(
    held=st.sets(st.integers(0, 30)),
    absent=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8))),
    span=st.tuples(st.integers(-5, 35), st.integers(0, 40)),
)
def test_gaps_equal_a_slow_reference(held: set[int], absent: list[tuple[int, int]], span: tuple[int, int]) -> None:
    spans = [(end(first), end(first + length)) for first, length in absent]
    times = np.array([end(n) for n in sorted(held)], np.int64)
    found = gaps_of(times, "1m", end(span[0]) - 7, end(span[0] + span[1]) - 7, spans)
    known = held | {n for first, length in absent for n in range(first, first + length)}
    wanted = [n for n in range(span[0], span[0] + span[1]) if n not in known]
    assert [n for first, last in found for n in numbers(np.arange(first, last, MINUTE))] == wanted
    assert all(a[1] < b[0] for a, b in pairwise(found))
