"""Market events: the one place where the templates of moves, candles, breaks, flow, ranks, times and divergences
are tried.

`read_event` is asked before an operand and a predicate are; `read_part` gives the operands of these fields.
"""

from __future__ import annotations

from collections.abc import Callable

from llm.phrasebook.events.breaks import read_break
from llm.phrasebook.events.candles.candle import read_candle
from llm.phrasebook.events.candles.places import INSIDE, OUTSIDE
from llm.phrasebook.events.clock import read_clock
from llm.phrasebook.events.divergences import read_divergence
from llm.phrasebook.events.flow import read_flow
from llm.phrasebook.events.market_wide import read_market_wide
from llm.phrasebook.events.moves import read_percent_move
from llm.phrasebook.meaning.types import Condition, Formula, Recent, on_interval, on_symbol
from llm.phrasebook.reading.reader import Reader

_READERS: tuple[Callable[[Reader, str | None], Condition | None], ...] = (
    read_market_wide,
    read_divergence,
    read_percent_move,
    read_flow,
    read_candle,
    read_break,
)
# Behind a percentage these say that it is not the market that moved.
_OWN = frozenset(
    ["portfolio", "account", "pnl", "profit", "equity", "balance", "position", "positions", "wallet", "entry"]
)
_OWN_REACH = 6


def read_event(r: Reader) -> Condition | None:
    """A market event at the cursor, or None with the cursor where it was."""
    mark = r.mark()
    for form in (_plain, _of_coin, _of_interval, _clock):
        found = form(r)
        if found is not None and not _own_money(r, mark.position):
            return found
        r.reset(mark)
    return None


def _clock(r: Reader) -> Condition | None:
    return read_clock(r)


def _run(r: Reader, symbol: str | None) -> Condition | None:
    """ "two doji in a row": a pattern on each of so many candles."""
    mark = r.mark()
    token = r.token("number")
    if token is not None and token.value in range(2, 11):
        row = r.take("row", fill=False)
        found = read_candle(r, symbol)
        single = isinstance(found, Formula) and ("cdl." in found.template or found.template in (INSIDE, OUTSIDE))
        if found is not None and single and (r.take("row", fill=False) or row):
            return Recent(found, int(token.value), every=True)
    r.reset(mark)
    return None


def _plain(r: Reader, symbol: str | None = None) -> Condition | None:
    found = _run(r, symbol)
    if found is not None:
        return found
    for read in _READERS:
        found = read(r, symbol)
        if found is not None:
            return found
    return None


def _of_coin(r: Reader) -> Condition | None:
    """ "BTC is up 2% in the last hour", "bitcoin closes green"."""
    symbol = r.coin()
    if symbol is None:
        return None
    r.word("itself", fill=False)
    r.word("last", "latest", "current", fill=False)  # "Bitcoin's last daily candle".
    r.word("is", "has", "was", fill=False)
    here = r.mark()
    found = _plain(r, symbol)
    if found is None:
        # "Bitcoin's hourly candle is green".
        r.reset(here)
        found = _of_interval(r)
    return None if found is None else on_symbol(found, symbol)


def _of_interval(r: Reader) -> Condition | None:
    """ "4h squeeze", "the daily closes above last week's high"."""
    label = r.interval()
    if label is None:
        return None
    r.take("chart", fill=False)
    found = _plain(r)
    return None if found is None else on_interval(found, label)


def _own_money(r: Reader, start: int) -> bool:
    """Whether the words speak of the reader's own account: "up 5% on my portfolio"."""
    words = [token.text for token in r.tokens[start : r.position + _OWN_REACH]]
    behind = words[r.position - start :]
    return "%" in "".join(words) and bool(_OWN & set(behind)) and "my" in behind
