"""What may be compared with what: prices with prices, an oscillator with its own lines."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Operand
from llm.phrasebook.operands.levels import RECENT_CANDLES
from llm.phrasebook.operands.operand import price_like
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.indicators import OUTPUTS


def comparable(left: Operand, right: Operand) -> bool:
    """Whether two operands are measured alike, and are not the same thing."""
    same = {left.kind, right.kind} <= {"price", "close"} or left.kind == right.kind
    if same and (left.args, left.interval, left.symbol, left.shift) == (
        right.args,
        right.interval,
        right.symbol,
        right.shift,
    ):
        return left.of != right.of or left.factor != right.factor
    if right.kind == "number":
        return True
    if right.factor != 1.0 and {unit_of(left), unit_of(right)} == {"range", "price"}:
        return True
    units = {unit_of(left), unit_of(right)}
    return len(units) == 1 or "any" in units


def beyond_level(r: Reader, left: Operand, op: str, right: Operand) -> Operand:
    """ "above the high" with no length cannot mean this candle's: the highest high of the candles before."""
    if (op[:1], right.kind) in ((">", "dc_upper"), ("<", "dc_lower")) and right.shift == 0 and price_like(left):
        # The channel holds this candle, whose close cannot leave it: the channel of the candle before.
        return replace(right, shift=1)
    own = right.shift == 0 and not right.level and right.interval in (None, left.interval)
    if left.kind not in ("price", "close") or not own or (op[:1], right.kind) not in ((">", "high"), ("<", "low")):
        return right
    if r.after_candle:
        r.note(f"“Its {right.kind}” became: of the candle before.")
        return replace(right, shift=1)
    r.note(f"“The {right.kind}” has no length given: the {RECENT_CANDLES} candles before.")
    kind = "highest_high" if right.kind == "high" else "lowest_low"
    return Operand(kind, (RECENT_CANDLES,), right.interval, right.symbol)


_MONEY = ("$", "usd", "usdt", "dollar", "dollars", "bucks", "usdc")


def in_money(r: Reader) -> bool:
    """Whether the number just read is a sum of dollars."""
    around = [token.text for token in r.tokens[max(r.position - 2, 0) : r.position + 1]]
    return any(text in _MONEY or text.startswith("$") for text in around)


def turnover(r: Reader, left: Operand, right: Operand) -> Operand:
    """ "volume above 5 million dollars" is the quote volume; the cursor is behind the number."""
    if left.kind != "volume" or right.kind != "number" or not in_money(r):
        return left
    r.note("A volume in dollars is the candle's volume in USDT (quote volume).")
    return replace(left, kind="quote_volume")


def unit_of(operand: Operand) -> str:
    """What an operand is measured in; "any" where it is not known."""
    if operand.kind == "formula":
        return operand.unit or "any"
    if operand.kind == "change":
        return "percent"
    if operand.of is not None:
        own = OUTPUTS.get(operand.kind)
        return unit_of(operand.of) if own is None or own.unit == "price" else own.unit
    if price_like(operand):
        return "price"
    if operand.kind in OUTPUTS:
        return OUTPUTS[operand.kind].unit
    return "volume" if operand.kind in ("volume", "quote_volume", "buy_volume", "sell_volume") else operand.kind
