"""From meaning to English: condition sentences that the phrasebook reads back to the same meaning, and
short names."""

from __future__ import annotations

from llm.phrasebook.meaning.code import condition_code, quantity
from llm.phrasebook.meaning.types import (
    Between,
    Compare,
    Condition,
    Cross,
    Formula,
    Group,
    Near,
    Not,
    Operand,
    Pattern,
    Recent,
    Trend,
    leaves,
    operands,
    within_operand,
)
from llm.phrasebook.vocabulary.indicators import AVERAGES, BANDS, FAMILIES, OUTPUTS
from screener import FilterError, compile_filter

_NOUNS = {
    "price": "close",
    "close": "close",
    "open": "open",
    "high": "high",
    "low": "low",
    "volume": "volume",
    "quote_volume": "quote volume",
    "trades": "number of trades",
    **{kind: output.noun for kind, output in OUTPUTS.items()},
    **{kind: FAMILIES[kind].title if kind in FAMILIES else "cloud" for kind in BANDS},
}
_WINDOWS = {
    "highest_high": "{} candle high",
    "lowest_low": "{} candle low",
    "highest_close": "{} candle highest close",
    "lowest_close": "{} candle lowest close",
}
_COMPARE = {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above"}
_PATTERNS = {
    "engulfing_up": "bullish engulfing candle",
    "engulfing_down": "bearish engulfing candle",
    "inside": "inside bar",
    "outside": "outside bar",
    "doji": "doji",
    "hammer": "hammer",
    "squeeze": "Bollinger squeeze",
    "squeeze_release": "Bollinger squeeze release",
}


def operand_english(operand: Operand, base: str | None) -> str:
    """A noun phrase without an article: "15m RSI(14)", "20 candle average of the 15m volume".

    `base` fills in the interval of operands that name none; None leaves it out.
    """
    args = tuple(quantity(float(arg)) for arg in operand.args if isinstance(arg, int | float))
    factor = "" if operand.factor == 1.0 else f"{quantity(operand.factor)} times the "
    ago = f" {operand.shift} candle{'s' if operand.shift > 1 else ''} ago" if operand.shift else ""
    if operand.kind == "number":
        return args[0]
    if operand.kind == "formula":
        scope = " ".join(part for part in (operand.symbol, operand.interval or base) if part)
        return f"{factor}{scope}{' ' if scope else ''}{operand.noun or 'value'}{ago}"
    if operand.of is not None and operand.kind in OUTPUTS:
        inner = operand_english(operand.of, base)
        return f"{factor}{_NOUNS[operand.kind]}({', '.join(args)}) of the {inner}{ago}"
    if operand.of is not None:
        inner = operand_english(operand.of, base)
        text = {
            "average": f"{args[0]} candle average of the {inner}",
            "highest_of": f"{args[0]} candle highest {inner}",
            "lowest_of": f"{args[0]} candle lowest {inner}",
            "change": f"{args[0]} candle change of the {inner}",
        }[operand.kind]
        return f"{factor}{text}{ago}"
    where = operand.interval or base
    scope = " ".join(part for part in (operand.symbol, where) if part)
    if operand.level:
        return f"{operand.symbol + ' ' if operand.symbol else ''}yesterday's {_NOUNS[operand.kind]}"
    if operand.kind in _WINDOWS:
        noun = _WINDOWS[operand.kind].format(args[0])
    else:
        noun = _NOUNS[operand.kind] + (f"({', '.join(args)})" if args else "")
    return f"{factor}{scope}{' ' if scope else ''}{noun}{ago}"


def condition_english(condition: Condition, base: str | None) -> str:
    """One condition as a sentence without a full stop: "The 15m RSI(14) is below 30".

    What no row of ours has words for is read from the compiled program.
    """
    own = all(isinstance(leaf, Formula) is False for leaf in leaves(condition))
    own = own and all(part.kind != "formula" or part.noun for o in operands(condition) for part in within_operand(o))
    text = _clause(condition, base) if own or base is None else compiled_english(condition, base)
    return text[0].upper() + text[1:]


def compiled_english(condition: Condition, base: str) -> str:
    """The condition as the compiler reads it; its code where it does not compile."""
    if isinstance(condition, Formula) and condition.reading:
        return condition.reading
    code = condition_code(condition, base)
    try:
        return str(compile_filter(f"match = {code}", base).reading).rstrip(".")
    except FilterError:
        return code


def _the(operand: Operand, base: str | None) -> str:
    text = operand_english(operand, base)
    bare = operand.kind == "number" or operand.factor != 1.0 or text.startswith("yesterday")
    return text if bare else f"the {text}"


def _clause(condition: Condition, base: str | None) -> str:
    match condition:
        case Compare():
            change = _change(condition, base)
            if change:
                return change
            if condition.right.kind in ("highest_of", "lowest_of") and condition.right.of == condition.left:
                way = "highest" if condition.right.kind == "highest_of" else "lowest"
                return f"{_the(condition.left, base)} is at its {way} in {condition.right.args[0]} candles"
            left, right = _the(condition.left, base), _the(condition.right, base)
            return f"{left} is {_COMPARE[condition.op]} {right}"
        case Cross():
            way = {"up": "crosses above", "down": "crosses below", "any": "crosses"}[condition.way]
            return f"{_the(condition.left, base)} {way} {_the(condition.right, base)}"
        case Between():
            low, high = _the(condition.low, base), _the(condition.high, base)
            return f"{_the(condition.left, base)} is between {low} and {high}"
        case Near():
            within = f"within {quantity(condition.percent)}% of"
            return f"{_the(condition.left, base)} is {within} {_the(condition.right, base)}"
        case Trend():
            way = "rising" if condition.way == "up" else "falling"
            return f"{_the(condition.left, base)} is {way} for {condition.steps} candles"
        case Pattern():
            return _pattern(condition, base)
        case Formula():
            return condition.reading or compiled_english(condition, base or "15m")
        case Recent():
            inner = _clause(condition.inner, base)
            window = (
                f"for {condition.length} candles" if condition.every else f"within the last {condition.length} candles"
            )
            return f"{inner} {window}"
        case Not():
            return f"not: {_clause(condition.inner, base)}"
        case Group():
            return f" {condition.op} ".join(_clause(item, base) for item in condition.items)


def _change(condition: Compare, base: str | None) -> str | None:
    """A percent move in the words traders use, or None where the comparison is not one."""
    left, right = condition.left, condition.right
    if left.kind != "change" or left.of is None or right.kind != "number":
        return None
    size = right.args[0]
    down = condition.op == "<=" and isinstance(size, int | float) and size < 0
    if not (down or condition.op == ">=") or not isinstance(size, int | float):
        return None
    subject = operand_english(left.of, base)
    candles = left.args[0]
    window = "the last candle" if candles == 1 else f"the last {candles} candles"
    return f"the {subject} is {'down' if down else 'up'} at least {quantity(abs(size))}% in {window}"


def _pattern(pattern: Pattern, base: str | None) -> str:
    scope = " ".join(part for part in (pattern.symbol, pattern.interval or base) if part)
    if pattern.name in ("green", "red"):
        count = pattern.args[0]
        if count == 1:
            return f"a {pattern.name} {scope} candle".replace("  ", " ")
        return f"{count} {pattern.name} {scope} candles in a row".replace("  ", " ")
    return f"{scope} {_PATTERNS[pattern.name]}".strip()


def short(condition: Condition) -> str:
    """A few words for a strategy's name: "RSI below 30", "price above 4h EMA 200"."""
    match condition:
        case Compare():
            left, right = condition.left, condition.right
            if left.kind == right.kind == "change" and right.symbol:
                return f"{'stronger' if condition.op == '>' else 'weaker'} than {right.symbol}"
            if left.kind == "change" and right.kind == "number" and isinstance(right.args[0], int | float):
                return f"{'Down' if right.args[0] < 0 else 'Up'} {quantity(abs(float(right.args[0])))}%"
            if right.kind in _WINDOWS and condition.op in ("<", ">"):
                new = left.kind in ("close", "price", "high", "low")
                return f"{'New' if new else _brief(left)} {_brief(right)}"
            if right.kind in ("highest_of", "lowest_of"):
                side = "high" if right.kind == "highest_of" else "low"
                return f"{_brief(left)} at its {right.args[0]} candle {side}"
            if left.kind == "volume" and right.of is not None and right.of.kind == "volume":
                return f"volume {quantity(right.factor)}x average" if condition.op in (">", ">=") else "quiet volume"
            return f"{_brief(left)} {_COMPARE[condition.op].replace('at or ', '')} {_brief(right)}"
        case Cross():
            way = {"up": "crosses above", "down": "crosses below", "any": "crosses"}[condition.way]
            return f"{_brief(condition.left)} {way} {_brief(condition.right)}"
        case Between():
            return f"{_brief(condition.left)} {_brief(condition.low)} to {_brief(condition.high)}"
        case Near():
            return f"{_brief(condition.left)} near {_brief(condition.right)}"
        case Trend():
            return f"{_brief(condition.left)} {'rising' if condition.way == 'up' else 'falling'}"
        case Pattern():
            if condition.name in ("green", "red"):
                count = condition.args[0]
                return f"{condition.name} candle" if count == 1 else f"{count} {condition.name} candles"
            return _PATTERNS[condition.name]
        case Formula():
            return condition.brief or "condition"
        case Recent():
            return short(condition.inner)
        case Not():
            return f"not {short(condition.inner)}"
        case Group():
            return f" {condition.op} ".join(short(item) for item in condition.items[:2])


def _brief(operand: Operand) -> str:
    if operand.kind == "number":
        return quantity(float(operand.args[0])) if isinstance(operand.args[0], int | float) else ""
    if operand.kind == "formula":
        return operand.noun or "value"
    if operand.of is not None:
        what = "average" if operand.kind == "average" else _NOUNS.get(operand.kind, operand.kind)
        return f"{what} {_brief(operand.of)}"
    noun = {"macd_signal": "its signal", "price": "price", "close": "price"}.get(operand.kind)
    if noun is None and operand.kind in _WINDOWS:
        noun = _WINDOWS[operand.kind].format(operand.args[0])
    if noun is None:
        noun = _NOUNS[operand.kind]
        if operand.kind in AVERAGES:
            noun += f" {operand.args[0]:g}" if isinstance(operand.args[0], int | float) else ""
    if operand.shift or operand.level:
        noun = "yesterday's" if operand.level else "previous"
        noun = f"{noun} {_NOUNS[operand.kind]}"
    scope = " ".join(part for part in (operand.symbol, None if operand.level else operand.interval) if part)
    factor = "" if operand.factor == 1.0 else f"{quantity(operand.factor)}x "
    return f"{factor}{scope}{' ' if scope else ''}{noun}"


def indicator_label(operand: Operand) -> str | None:
    """What stands in a strategy's list of indicators: "RSI(14)", None for plain series and numbers."""
    if operand.of is not None:
        inner = indicator_label(operand.of) or _NOUNS.get(operand.of.kind, operand.of.kind)
        return f"Average {inner}" if operand.kind == "average" else inner
    if operand.kind in (
        "number",
        "price",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "quote_volume",
        "trades",
        "formula",
    ):
        return None
    output = OUTPUTS.get(operand.kind)
    if output is None:
        return operand_english(Operand(operand.kind, operand.args), None)
    family = FAMILIES[output.family]
    numbers = ", ".join(quantity(float(arg)) for arg in operand.args if isinstance(arg, int | float))
    title = output.noun if family.default == operand.kind else family.title
    return f"{title}({numbers})" if numbers else title
