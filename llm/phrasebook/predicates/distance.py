"""Distances between two values: "5% above its EMA", "2 ATR below the 20 EMA", "2 standard deviations below its mean",
"within 1% of", "no more than 3% away from"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Between, Compare, Condition, Formula, Near, Operand, number
from llm.phrasebook.operands.extremes import peak_of
from llm.phrasebook.operands.naming import operand_of
from llm.phrasebook.operands.operand import read_operand
from llm.phrasebook.reading.reader import Reader

NEAR_PERCENT = 1.0
_DEVIATIONS = ("deviations", "deviation", "std", "stdev", "sigma", "sigmas", "stdevs", "sds", "sd")
_WENT = (
    *("trades", "trading", "sits", "stretched", "extended", "by", "closes", "closed", "stretches", "stretch", "run"),
    *("ran", "runs", "moved", "moves", "gone", "risen", "rises", "dropped", "drops", "fallen", "falls", "dipped"),
    *("extends", "gets", "pulled", "pulls", "stands", "lies", "sinks", "sunk", "flown", "drifted", "stretching"),
)
_LEVELS_SAID = frozenset({"lower", "below", "under", "higher", "above", "over"})
MEANS = frozenset({"average", "sma", "ema"})


def read_distance(r: Reader, left: Operand) -> Condition | None:
    """A percentage, true ranges or deviations above or below something."""
    mark = r.mark()
    for form in (_percent_range, _percent, _ranges, _deviations, _points):
        found = form(r, left)
        if found is not None:
            return found
        r.reset(mark)
    return None


def _bound(r: Reader) -> str | None:
    """ "at least", "more than", "less than", "within" before a distance; "" where there is none."""
    r.word(*_WENT, fill=True)
    r.word("away", "out", "up", "down", fill=False)
    far = r.word("further", "farther")
    if (far or r.word("closer", "nearer")) and r.word("than", fill=False):
        return ">" if far else "<"
    op = r.take("compare")
    r.word("by", fill=False)
    return op


def _percent(r: Reader, left: Operand) -> Condition | None:
    start = r.position
    op = _bound(r)
    said = {token.text for token in r.tokens[start : r.position]}
    token = r.token("percent")
    if token is None or not 0 < token.value < 1_000:
        return None
    more = _or_more(r)
    side = r.take("compare", "<", ">")
    if op == side and said & _LEVELS_SAID:
        # "(no) lower than 10% under the EMA": the level that far away, and not less than that far.
        right = read_operand(r, left)
        if right is None or right.kind == "number":
            return None
        share = 1 + token.value / 100 if side == ">" else 1 - token.value / 100
        level = replace(right, factor=round(right.factor * share, 10))
        return Compare(left, "<", level) if side == "<" else Compare(left, ">", level)
    away = side is None and r.word("away", "off", "from", "distant", "to")
    if away:
        r.word("from", "of", "to", fill=False)
    elif side is None:
        return None
    right = read_operand(r, left)
    if right is None or right.kind == "number":
        return None
    if away:
        inverse = op if op in ("<", "<=", ">") else ">="
        share = round(token.value / 100, 10)
        return Formula(f"abs({{0}} / {{1}} - 1) {inverse} {share:.10g}", (left, right), brief="distance")
    op = more or op
    factor = 1 + token.value / 100 if side == ">" else 1 - token.value / 100
    scaled = replace(right, factor=round(right.factor * factor, 10))
    strict = op == ">"
    if op in ("<", "<="):
        # "less than 5% above": between the value and 5% over it.
        inner = "<" if op == "<" else "<="
        template = (
            f"{{0}} > {{1}} and {{0}} {inner} {{2}}"
            if side == ">"
            else f"{{0}} < {{1}} and {{0}} {inner.replace('<', '>')} {{2}}"
        )
        return Formula(template, (left, right, scaled), brief="distance")
    if side == ">":
        return Compare(left, ">" if strict else ">=", scaled)
    return Compare(left, "<" if strict else "<=", scaled)


def read_by(r: Reader, left: Operand, op: str, rights: list[Operand]) -> Condition | None:
    """ "(above the 50 EMA) by more than 2%", "... by at least 1.5 ATR": how far beyond `rights` it is."""
    mark = r.mark()
    if len(rights) != 1 or rights[0].kind == "number" or not r.word("by", fill=False):
        return None
    right, over = rights[0], op[:1] == ">"
    bound = r.take("compare") or ">="
    percent = r.token("percent")
    if percent is not None and 0 < percent.value < 1_000 and bound[:1] == ">":
        factor = 1 + percent.value / 100 if over else 1 - percent.value / 100
        scaled = replace(right, factor=round(right.factor * factor, 10))
        strict = bound == ">"
        if over:
            return Compare(left, ">" if strict else ">=", scaled)
        return Compare(left, "<" if strict else "<=", scaled)
    token = r.token("number") or r.token("multiple")
    atr = read_operand(r) if token is not None and percent is None else None
    if token is not None and atr is not None and atr.kind == "atr" and 0 < token.value <= 100 and bound[:1] == ">":
        sign, sense = ("+", ">") if over else ("-", "<")
        text = f"{{0}} {sense}{bound[1:]} {{1}} {sign} {token.value:g} * {{2}}"
        return Formula(text, (left, right, atr), brief="ATR distance")
    r.reset(mark)
    return None


def _percent_range(r: Reader, left: Operand) -> Condition | None:
    """ "3 to 5 percent above the 20 EMA", "between 1% and 2% below VWAP"."""
    r.take("between")
    low = r.token("number") or r.token("percent")
    high = r.token("percent", fill=False) if low is not None and r.word("to", "and", "-", fill=False) else None
    side = r.take("compare", "<", ">") if high is not None else None
    right = read_operand(r, left) if side is not None else None
    if low is None or high is None or right is None or right.kind == "number" or not 0 < low.value < high.value < 1_000:
        return None
    sign = 1 if side == ">" else -1
    near, far = (replace(right, factor=round(right.factor * (1 + sign * t.value / 100), 10)) for t in (low, high))
    return Between(left, near, far) if sign > 0 else Between(left, far, near)


def _points(r: Reader, left: Operand) -> Condition | None:
    """ "at least 10 points higher than 5 candles ago"."""
    op = _bound(r)
    token = r.token("number")
    if token is None or not r.word("points", "point", "units", fill=False):
        return None
    side = r.take("compare", "<", ">") or (r.word("worse", "weaker") and "<") or (r.word("better", "stronger") and ">")
    r.word("than", fill=False)
    right = read_operand(r, left) if side else None
    if right is None or right.kind == "number" or token.value <= 0 or op in ("<", "<="):
        return None
    if left.kind == "change" and left.of is not None and right.kind == "price" and right.symbol is not None:
        # "5 points worse than Bitcoin's": than the same change of Bitcoin.
        right = replace(left, symbol=right.symbol, of=replace(left.of, symbol=right.symbol))
    strict = ">" if op == ">" else ">="
    template = f"{{0}} - {{1}} {strict} {token.value:g}" if side == ">" else f"{{1}} - {{0}} {strict} {token.value:g}"
    return Formula(template, (left, right), brief="distance in points")


def read_gap(r: Reader) -> Condition | None:
    """ "the distance between price and the 50 EMA is more than 3 percent", "... is less than 1 ATR"."""
    mark = r.mark()
    if r.word("distance", "gap", "difference", "spread") and r.word("between", "from", "of"):
        first = read_operand(r)
        second = read_operand(r) if first is not None and r.word("and", "to", "from") else None
        op = r.take("compare") if second is not None else None
        token = r.token("percent") if op is not None else None
        if first is not None and second is not None and token is not None and token.value > 0:
            share = f"{round(token.value / 100, 10):.10g}"
            return Formula(f"abs({{0}} / {{1}} - 1) {op} {share}", (first, second), brief="distance")
    r.reset(mark)
    return None


def _or_more(r: Reader) -> str | None:
    mark = r.mark()
    if r.word("or", fill=False) and r.word("more", "greater", fill=False):
        return ">="
    r.reset(mark)
    return None


def _ranges(r: Reader, left: Operand) -> Condition | None:
    op = _bound(r)
    token = r.token("number") or r.token("multiple")
    if token is None or not 0 < token.value <= 100:
        return None
    r.word("x", "times", fill=False)
    atr = read_operand(r)
    if atr is None or atr.kind != "atr":
        return None
    r.word("s", "units", fill=False)
    side = r.take("compare", "<", ">")
    away = side is None and r.word("away", "from")
    if away:
        r.word("from", fill=False)
    right = read_operand(r, left) if side is not None or away else None
    if right is None or right.kind == "number":
        return None
    if away:
        inverse = op if op in ("<", "<=", ">") else ">="
        return Formula(
            f"abs({{0}} - {{1}}) {inverse} {token.value:g} * {{2}}", (left, right, atr), brief="ATR distance"
        )
    sign, sense = ("+", ">") if side == ">" else ("-", "<")
    strict = sense if op == ">" else f"{sense}="
    return Formula(f"{{0}} {strict} {{1}} {sign} {token.value:g} * {{2}}", (left, right, atr), brief="ATR distance")


def _deviations(r: Reader, left: Operand) -> Condition | None:
    op = _bound(r)
    token = r.token("number")
    if token is None or not 0 < token.value <= 20:
        return None
    r.word("standard", fill=False)
    if not r.word(*_DEVIATIONS, fill=False):
        return None
    more = _or_more(r)
    side = r.take("compare", "<", ">")
    right = read_operand(r, left) if side is not None else None
    if right is None or right.kind not in MEANS or not right.args:
        return None
    op = more or op
    of = right.of or left
    source = None if of.kind in ("price", "close") else replace(of, factor=1.0)
    score = replace(
        operand_of(r, "zscore", (20.0,)),
        args=right.args,
        of=source,
        interval=right.interval or left.interval,
        symbol=left.symbol,
    )
    strict = op == ">"
    if side == ">":
        return Compare(score, ">" if strict else ">=", number(token.value))
    return Compare(score, "<" if strict else "<=", number(-token.value))


def read_near(r: Reader, left: Operand) -> Condition | None:
    """ "within 1% of the 24 hour high", "near the 200 EMA"."""
    mark = r.mark()
    if r.take("within"):
        percent = r.token("percent", fill=False)
        if percent is None:
            ranges = _within_ranges(r, left)
            if ranges is None:
                r.reset(mark)
            return ranges
        found = read_operand(r, left) if r.word("of", "from") else None
        if found is None or found.kind == "number":
            r.reset(mark)
            return None
        return _near_peak(left, found, percent.value) or Near(left, found, percent.value)
    if not r.take("near"):
        return None
    right = read_operand(r, left)
    if right is None or right.kind == "number":
        return None
    r.note(f"“Near” became: within {NEAR_PERCENT:g}%.")
    return Near(left, right, NEAR_PERCENT)


def _near_peak(left: Operand, level: Operand, percent: float) -> Compare | None:
    """A high or a low near the highest or lowest of the candles up to this one: it can only be on one side of it."""
    sides = {"highest_high": "high", "lowest_low": "low"}
    side = sides.get(level.kind)
    if side is None or left.kind not in ("price", "close", side) or level.level:
        return None
    made = peak_of(level.args[0], side, level.symbol)
    if made is None:
        return None
    own = replace(left, kind="close") if left.kind == "price" else left
    share = round(1 + (-percent if side == "high" else percent) / 100, 10)
    return Compare(own, ">=" if side == "high" else "<=", replace(made, interval=level.interval, factor=share))


def _within_ranges(r: Reader, left: Operand) -> Formula | None:
    """ "within half an ATR of VWAP", "within 1 ATR of the 20 EMA"."""
    token = r.token("number", fill=False) or r.token("multiple", fill=False)
    value = token.value if token is not None else 0.5 if r.word("half") else 1.0 if r.word("one", "an", "a") else None
    atr = read_operand(r) if value is not None else None
    if value is None or atr is None or atr.kind != "atr" or not r.word("of", "from"):
        return None
    right = read_operand(r, left)
    if right is None or right.kind == "number":
        return None
    return Formula(f"abs({{0}} - {{1}}) <= {value:g} * {{2}}", (left, right, atr), brief="ATR distance")
