"""What an operand is or does without another side: "is at its lowest in 50 candles", "makes a new high", "is in an
uptrend", "volume spikes"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import (
    Compare,
    Condition,
    Duration,
    Length,
    Operand,
    Pattern,
    on_interval,
    on_symbol,
)
from llm.phrasebook.operands.levels import LEVELS
from llm.phrasebook.predicates.setups import (
    CANDLES,
    read_new_extreme,
    read_setup,
    read_versus,
    read_window,
    volume,
)
from llm.phrasebook.reading.lengths import read_length, whole
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import BANDS

PRICE_KINDS = frozenset({"price", "close", "high", "low"})
UPPER = frozenset({"highest_high", "highest_close", *(upper for _, upper in BANDS.values())})
LOWER = frozenset({"lowest_low", "lowest_close", *(lower for lower, _ in BANDS.values())})
# What "the bands are the tightest" measures.
WIDTHS = {"bbands": "bb_width", "keltner": "kc_width", "donchian": "dc_width"}


def read_state(r: Reader, left: Operand) -> Condition | None:
    """ "BTC is in an uptrend", "price makes a new high", "volume spikes", "the candle is green"."""
    new = read_new_extreme(r, left) if left.kind in PRICE_KINDS else None
    if new is not None:
        return new
    mark = r.mark()
    if left.level or left.kind in LEVELS:
        if r.word("broken", "breached", "cleared", "taken", "reclaimed", "lost"):
            r.word("out", fill=False)
            above = left.kind in UPPER or left.kind == "high"
            return Compare(Operand("close", symbol=left.symbol), ">" if above else "<", left)
        r.reset(mark)
    if left.kind not in PRICE_KINDS:
        r.take("touch") or r.take("new") or r.word("sets", "makes", "prints", "sees")
    way = r.take("highest")
    if way is not None and left.kind != "number":
        named = r.take("field") if left.kind in ("close", "high", "low", "open", "volume", "trades") else None
        if named is not None and named != left.kind:
            return None
        length = read_window(r) or read_length(r)
        if length is not None:
            own = replace(left, kind="close") if left.kind == "price" else left
            own = replace(own, kind=WIDTHS.get(own.kind, own.kind))
            of = Operand("highest_of" if way == "high" else "lowest_of", (length,), own.interval, own.symbol, of=own)
            return Compare(own, ">=" if way == "high" else "<=", of)
    r.reset(mark)
    record = _record(r, left)
    if record is not None:
        return record
    r.reset(mark)
    versus = read_versus(r) if left.kind in PRICE_KINDS else None
    if versus is not None:
        return versus
    r.reset(mark)
    if left.kind in PRICE_KINDS:
        setup = read_setup(r)
        if setup is not None:
            setup = on_symbol(setup, left.symbol) if left.symbol else setup
            return on_interval(setup, left.interval) if left.interval else setup
        colour = r.take("colour", "green", "red")
        if colour is not None and left.kind == "close" and r.tokens[r.position - 1].text in ("green", "red"):
            return Pattern(colour, (1,), interval=left.interval, symbol=left.symbol)
        r.reset(mark)
    if left.kind == "volume" and r.word("spike", "spikes", "spiking", "surges", "surging", "explodes", "jumps"):
        r.note("“Volume spike” became: at least 2 times the 20 candle average.")
        found: Condition = volume(2.0)
        return on_interval(found, left.interval) if left.interval else found
    return None


def _record(r: Reader, left: Operand) -> Condition | None:
    """ "hits a 20 candle low", "at a 50-bar high", said of an indicator or the volume."""
    if left.kind in PRICE_KINDS or left.kind == "number" or left.kind in BANDS:
        return None
    new = r.take("new")
    new or r.take("touch") or r.word("at")
    token = r.token("number")
    length: Length | None = whole(token) if token is not None else None
    if token is None and (span := r.token("span")) is not None:
        length = Duration(int(span.value))
    r.take("candle")
    way = r.take("field", "high", "low")
    if way is None:
        return None
    if length is None:
        length = read_window(r)
    if length is None and new:
        length = CANDLES
        r.note(f"“New {way}” has no length given: {CANDLES} candles.")
    if length is None:
        return None
    of = Operand("highest_of" if way == "high" else "lowest_of", (length,), left.interval, left.symbol, of=left)
    return Compare(left, ">=" if way == "high" else "<=", of)
