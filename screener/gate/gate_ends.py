"""Why trades of a filter's past matches would have ended at once: a level on the wrong side, an exit true already.

1. `_newest` are the matches looked at; a level is read on the match's own candle, at whose close a trade is entered.
2. `_sides` counts the matches whose stop or target is not on the side that the direction needs.
3. `_left` counts those whose exit is true at the first close after: on the entry's own candle it does not count.

What uses the open trade is followed for a few of the matches (`screener.engine.trades`), entered at the close.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from screener.engine.replay import Candles, History
from screener.engine.trades import Trade, TradeHistory, follow_trades, uses_trade
from screener.gate.findings import Finding, GateReport, with_finding
from screener.gate.gate_counts import Trigger, hits_of
from screener.ir import Program

Cell = tuple[int, int]

MATCHES: Final = 500
"""Newest matches looked at."""
FOLLOWED: Final = 60
"""The same where the open trade has to be followed."""
SELDOM: Final = 0.05
"""A level that is on the wrong side on a smaller share of the matches is told of, and warns of nothing."""
AT_ONCE: Final = 0.5
"""An exit that is true at the first close after more than this share of the matches is told of."""
_SIDES: Final = {("stop", 1): "below", ("stop", -1): "above", ("target", 1): "above", ("target", -1): "below"}


def ends_at_once(
    report: GateReport,
    program: Program,
    candles: Candles,
    history: History,
    trigger: Trigger,
    symbols: Collection[str],
    direction: str,
) -> GateReport:
    """The report with what is found, of a `direction` ("long" or "short") sides too; `history` is that of `candles`."""
    ends = {n: node for n in ("stop", "target", "exit") if (node := getattr(program, n)) is not None}
    cells = _newest(history, trigger, symbols) if ends else []
    if not cells:
        return report
    open_trade = uses_trade(program)
    few = cells[-FOLLOWED:]
    followed = None
    if any(open_trade[node] for node in ends.values()):
        trades = [Trade(history.symbols[c], int(history.times[r]), float(history.price[r, c])) for r, c in few]
        followed = follow_trades(program, candles, trades)
    for name, node in ends.items():
        trade = followed if open_trade[node] else None
        looked_at = cells if trade is None else few
        if name == "exit":
            finding = _left(node, history, looked_at, trade)
        else:
            sign = {"long": 1, "short": -1}.get(direction)
            finding = None if sign is None else _sides(name, node, sign, history, looked_at, trade)
        if finding is not None:
            report = with_finding(report, finding)
    return report


def _newest(history: History, trigger: Trigger, symbols: Collection[str]) -> list[Cell]:
    hits, columns = hits_of(history, trigger, symbols)
    return [(int(r), int(columns[c])) for r, c in np.argwhere(hits)[-MATCHES:]]


def _sides(
    name: str, node: int, sign: int, history: History, cells: Sequence[Cell], followed: TradeHistory | None
) -> Finding | None:
    """The matches whose stop or target is where it ends a trade as soon as there is one."""
    if followed is None:
        levels = history.pick([node], cells)[node]
    else:
        values = followed.stop if name == "stop" else followed.target
        assert values is not None
        levels = np.array([values[row, i] for i, (row, _) in enumerate(cells)])
    prices = np.array([history.price[cell] for cell in cells])
    gaps = (prices - levels) * sign * (1 if name == "stop" else -1)
    known, wrong = int(np.isfinite(gaps).sum()), int((gaps <= 0).sum())
    if not wrong:
        return None
    side, of = _SIDES[name, sign], "long" if sign > 0 else "short"
    then = "such a signal is not entered" if followed is None else "such a trade is closed at the next close"
    message = f"The {name} is not {side} the price on {_of(wrong, known)}, as that of a {of} has to be: {then}."
    hint = f"See to it by a condition that it is {side} the price, put it on the other side, or change the direction."
    return Finding("G132", "warns" if wrong > SELDOM * known else "info", message, hint)


def _left(node: int, history: History, cells: Sequence[Cell], followed: TradeHistory | None) -> Finding | None:
    """The matches whose exit is true at the first close after."""
    after = [(i, row + 1, c) for i, (row, c) in enumerate(cells) if row + 1 < len(history.times)]
    if followed is None:
        values = history.pick([node], [(row, c) for _, row, c in after])[node]
    else:
        assert followed.exit is not None
        values = np.array([followed.exit[row, i] for i, row, _ in after], dtype=np.float64)
        values[values < 0] = np.nan
    known, true = int(np.isfinite(values).sum()), int((values == 1).sum())
    if not known or true <= AT_ONCE * known:
        return None
    message = f"The exit is true at the first close after {_of(true, known)}: such a trade lasts one candle."
    hint = "An exit counts from the close after the entry's own candle on. Ask for something that comes about later."
    return Finding("G133", "warns", message, hint)


def _of(count: int, known: int) -> str:
    """`3 of the newest 40 matches`."""
    return f"{count:,} of the newest {known:,} matches" if known > 1 else "the only match"
