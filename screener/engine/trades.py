"""A program's `exit`, `stop` and `target` for open trades.

1. What does not depend on a trade is replayed over the market, once for all trades (`_frontier`).
2. What does is replayed with a column for each trade: the market's values of the trade's symbol, the candles held
   since entry, and the fill price (`_of_trades`).
3. A level that does not use `trade` is read on the entry candle and frozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screener.engine.replay import Candles, History, replay
from screener.engine.stepper import CandleSource
from screener.intervals import candle_index, candle_indices, interval_ms
from screener.ir import Node, Program
from screener.ops import OPS

Floats = NDArray[np.float64]

_LEVELS: Final = ("stop", "target")


@dataclass(frozen=True, slots=True)
class Trade:
    """An open trade: its symbol, the close of its entry candle (ms UTC), and the fill price."""

    symbol: str
    entry_close: int
    price: float


@dataclass(frozen=True)
class TradeHistory:
    """`times` closes of the base candles `[n]` ms UTC. For each candle and trade, `[n, trades]`: `exit` int8 (1 true, 0
    false, -1 unknown or not after entry), `stop` and `target` prices, NaN where unknown or before entry; None where
    the program has no such result."""

    times: NDArray[np.int64]
    exit: NDArray[np.int8] | None
    stop: Floats | None
    target: Floats | None


def uses_trade(program: Program) -> tuple[bool, ...]:
    """For each node, whether its value depends on the open trade."""
    found: list[bool] = []
    for node in program.nodes:
        found.append(OPS[node.op].kind == "trade" or any(found[a] for a in node.args))
    return tuple(found)


def follow_trades(
    program: Program, candles: CandleSource, trades: Sequence[Trade], until: int | None = None
) -> TradeHistory:
    """Follow trades of one program over the candles held, up to the close `until` (ms UTC).

    Raises KeyError for a symbol that the source does not have.
    """
    columns = [candles.find(t.symbol) for t in trades]
    for trade, column in zip(trades, columns, strict=True):
        if column < 0:
            raise KeyError(trade.symbol)
    history = replay(program, candles, until=until)
    results = {n: node for n in ("exit", *_LEVELS) if (node := getattr(program, n)) is not None}
    dependent = uses_trade(program)
    open_results = [node for node in results.values() if dependent[node]]
    ages = _ages(program.base, history.times, trades)
    own, place = _of_trades(program, history, trades, columns, ages) if open_results else (history, {})
    found: dict[str, Floats] = {}
    for name, node in results.items():
        values = own.values(place[node]) if dependent[node] else history.values(node)[:, columns]
        if name in _LEVELS:
            values = np.where(ages >= 0, values if dependent[node] else _frozen(values, ages), np.nan)
        found[name] = values
    exits: NDArray[np.int8] | None = None
    if "exit" in found:
        known = (ages > 0) & ~np.isnan(found["exit"])
        exits = np.where(known, np.nan_to_num(found["exit"]), -1.0).astype(np.int8)
    return TradeHistory(history.times, exits, found.get("stop"), found.get("target"))


def _ages(base: str, times: NDArray[np.int64], trades: Sequence[Trade]) -> Floats:
    """Candles since entry, `[n, trades]`; 0 on the entry candle, NaN before."""
    entries = np.array([candle_index(t.entry_close, base) for t in trades], dtype=np.int64)
    ages = (candle_indices(times, base)[:, None] - entries[None, :]).astype(np.float64)
    return np.where(ages >= 0, ages, np.nan)


def _frozen(values: Floats, ages: Floats) -> Floats:
    """What the values were on the entry candle; unknown where that candle is not held."""
    at = np.argmax(ages == 0, axis=0)
    entry = np.take_along_axis(values, at[None, :], axis=0)[0]
    return np.broadcast_to(np.where((ages == 0).any(axis=0), entry, np.nan), values.shape)


def _of_trades(
    program: Program, history: History, trades: Sequence[Trade], columns: Sequence[int], ages: Floats
) -> tuple[History, dict[int, int]]:
    """The program over columns that are trades, and where its nodes are found in it; what does not depend on a trade
    is read from the market's history."""
    base, dependent = program.base, uses_trade(program)
    frontier = sorted({a for i, n in enumerate(program.nodes) if dependent[i] for a in n.args if not dependent[a]})
    fields: dict[str, Floats] = {"trade_bars": ages, "close": history.price[:, columns]}
    fields["trade_price"] = np.where(np.isnan(ages), np.nan, np.array([t.price for t in trades])[None, :])
    nodes: list[Node] = []
    place: dict[int, int] = {}
    for number in frontier:
        node = program.nodes[number]
        if node.op == "const":
            nodes.append(node)
        else:
            fields[f"node {number}"] = history.values(number)[:, columns]
            nodes.append(Node("src", (), (f"node {number}", base, ""), "num", base))
            if node.dtype == "bool":
                nodes.append(Node("const", (), (0.5,), "num", None))
                nodes.append(Node("lt", (len(nodes) - 1, len(nodes) - 2), (), "bool", base))
        place[number] = len(nodes) - 1
    for number, node in enumerate(program.nodes):
        if dependent[number]:
            nodes.append(node._replace(args=tuple(place[a] for a in node.args)))
            place[number] = len(nodes) - 1
    opens = history.times - interval_ms(base)
    named = tuple(f"{i} {t.symbol}" for i, t in enumerate(trades))
    nodes.append(Node("const", (), (True,), "bool", None))
    view = replace(program, nodes=tuple(nodes), match=len(nodes) - 1, conditions=())
    return replay(view, Candles(named, {base: (opens, fields)})), place
