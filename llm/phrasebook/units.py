"""What may be compared with what: prices with prices, an oscillator with its own lines."""

from __future__ import annotations

from llm.phrasebook.levels import RECENT_CANDLES
from llm.phrasebook.meaning import Operand
from llm.phrasebook.operands import price_like
from llm.phrasebook.reader import Reader


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
    if right.kind == "number" or right.of is not None or left.kind == "atr":
        return True
    return price_like(right) == price_like(left) or _same_family(left, right)


def beyond_level(r: Reader, left: Operand, op: str, right: Operand) -> Operand:
    """ "above the high" with no length cannot mean this candle's: the highest high of the candles before."""
    own = right.shift == 0 and not right.level and right.interval in (None, left.interval)
    if left.kind not in ("price", "close") or not own or (op[:1], right.kind) not in ((">", "high"), ("<", "low")):
        return right
    r.note(f"“The {right.kind}” has no length given: the {RECENT_CANDLES} candles before.")
    kind = "highest_high" if right.kind == "high" else "lowest_low"
    return Operand(kind, (RECENT_CANDLES,), right.interval, right.symbol)


def _same_family(left: Operand, right: Operand) -> bool:
    families = ({"macd", "macd_signal", "macd_hist"}, {"stoch_k", "stoch_d"}, {"plus_di", "minus_di", "adx"})
    return left.kind == right.kind or any(left.kind in family and right.kind in family for family in families)
