"""`exit`, `stop` and `target` of open trades equal the reference, one trade for each symbol."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from screener import Program
from screener.engine.replay import Candles
from screener.engine.trades import Trade, follow_trades
from screener.ops import OPS
from tests.property.compare import NUDGES, nudge
from tests.property.live import closes
from tests.property.markets import markets
from tests.property.profiles import examples
from tests.property.programs import FINE, SETTINGS, Filter, Setting, compiled, texts
from tests.reference.evaluator import Reference, evaluate


@st.composite
def cases(draw: st.DrawFn) -> tuple[Setting, Filter, Candles, list[int], list[float]]:
    """A filter with all results, a market, and for each symbol the base candle of entry and the fill price."""
    setting = draw(st.sampled_from(SETTINGS))
    # Words across the market cannot read a trade, which is of one symbol.
    program = compiled(draw(texts(setting, 4, results=True, trade=True)), setting.base, FINE | {"F026"})
    assume(program is not None and len(program.nodes) <= 200)
    assert program is not None
    data = draw(markets(setting))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, size = data.series[setting.base][1]["close"].shape
    entries: list[int] = rng.integers(0, count, (size,)).tolist()
    prices: list[float] = (rng.integers(1, 2000, (size,)) / 8).tolist()
    return setting, Filter(program), data, entries, prices


@examples(80)
@given(cases())
def test_open_trades_equal_the_reference(case: tuple[Setting, Filter, Candles, list[int], list[float]]) -> None:
    setting, wanted, data, entries, prices = case
    program = wanted.program
    times = closes(data, setting.base)
    trades = [Trade(s, times[e], p) for s, e, p in zip(data.symbols, entries, prices, strict=True)]
    found = follow_trades(program, data, trades)
    entered: list[int | None] = [t.entry_close for t in trades]
    plain = evaluate(program, data, entered, prices)
    moved = [evaluate(program, data, entered, prices, adjust=nudge(sign)) for sign in NUDGES]
    after = np.arange(len(times))[:, None] - np.array(entries)[None, :]
    assert program.exit is not None and program.stop is not None and program.target is not None
    for node, got in ((program.exit, found.exit), (program.stop, found.stop), (program.target, found.target)):
        assert got is not None
        expected, stable = _level(program, plain, node, after, entries), np.ones(after.shape, dtype=np.bool_)
        for other in moved:
            values = _level(program, other, node, after, entries)
            stable &= np.isclose(values, expected, rtol=1e-8, atol=0.0, equal_nan=True)
        if node == program.exit:
            truth = np.where(np.isnan(expected) | (after < 1), -1.0, expected)
            np.testing.assert_array_equal(got[stable], truth[stable])
        else:
            np.testing.assert_allclose(got[stable], expected[stable], rtol=1e-6)


def _level(
    program: Program, reference: Reference, node: int, after: NDArray[np.int64], entries: list[int]
) -> NDArray[np.float64]:
    """A result on each candle: after entry as it goes where it reads the trade, else frozen on the entry candle."""
    values = reference.values[node]
    if node != program.exit and not _reads_trade(program, node):
        values = np.broadcast_to(values[entries, range(len(entries))], values.shape)
    return np.where(after >= 0, values, np.nan)


def _reads_trade(program: Program, node: int) -> bool:
    found = program.nodes[node]
    return OPS[found.op].kind == "trade" or any(_reads_trade(program, a) for a in found.args)
