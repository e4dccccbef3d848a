"""Plain English for the nodes of a graph.

1. Indicators and functions note a phrase for the node they return (`English.note`); comparisons their sides.
2. `English.of` fills in all other nodes from their arguments, children first, so depth costs no stack.
3. A phrase that grows too long is replaced: reuse by name could otherwise double it with every line.
"""

from __future__ import annotations

from typing import Final

from screener.ir import Graph, Node
from screener.language.idioms import before, idiom, negated

_LIMIT: Final = 240
_PLURAL: Final = {"open": "opens", "high": "highs", "low": "lows", "close": "closes", "volume": "volumes"}
_WORDS: Final = {
    "quote_volume": "quote volume",
    "trades": "number of trades",
    "buy_volume": "taker buy volume",
    "sell_volume": "taker sell volume",
}
_VERBS: Final = {
    "<": "is below",
    "<=": "is at or below",
    ">": "is above",
    ">=": "is at or above",
    "==": "equals",
    "!=": "differs from",
}
_VOTES: Final = {
    ">=": ("at least", 0), ">": ("at least", 1), "<=": ("at most", 0), "<": ("at most", -1), "==": ("exactly", 0)
}  # fmt: skip
_COMPARE: Final = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_INFIX: Final = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by", "mod": "modulo"}
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_PREFIX: Final = {
    "neg": "minus {}",
    "abs": "the absolute value of {}",
    "sqrt": "the square root of {}",
    "log": "the logarithm of {}",
    "exp": "e to the power of {}",
    "round": "{} rounded",
    "sign": "the sign of {}",
    "na": "{} is unknown",
    "nz": "{} (or {} where unknown)",
    "cumsum": "the running sum of {}",
    "where": "({1} if {0}, else {2})",
    "whereb": "({1} if {0}, else {2})",
}

_OVER: Final = " over the last "
_PARTS: Final = {"weekday": "weekday (Monday is 0)", "day": "day of the month"}
_EXTERNALS: Final = {"ha": "Heikin-Ashi"}

_JOINED: Final = {
    "min": ("the smaller of", "the smallest of", "and"),
    "max": ("the larger of", "the largest of", "and"),
    "or": ("either", "one of these holds:", "or"),
    "and": ("both", "all of these hold:", "and"),
}
_AVERAGES: Final = {
    "rmean": "SMA",
    "stdev": "standard deviation",
    "rmad": "mean deviation",
    "ema": "EMA",
    "rma": "Wilder average",
    "kama": "KAMA",
}
_ACROSS: Final = {
    "rank": "the rank of {x} among {among}",
    "market_percentile": "the share of {among} at or below {x}",
    "market_mean": "the mean of {x} over {among}",
    "market_zscore": "the z-score of {x} among {among}",
    "breadth": "the share of {among} where {x}",
}


def number(value: float | int | str | bool) -> str:
    """A constant as one writes it: 30, 1.5, 1e-08."""
    if isinstance(value, bool | str):
        return str(value).lower()
    return f"{value:.10g}"


def external_name(name: str, output: str) -> str:
    """What an indicator of the long tail is called: `ALMA`, `the Heikin-Ashi close`."""
    known = _EXTERNALS.get(name)
    return f"{f'the {known}' if known else name.upper()} {output}".strip()


class English:
    """Phrases of a graph's nodes; `base` is the interval that goes without saying."""

    def __init__(self, graph: Graph, base: str) -> None:
        self.graph = graph
        self.base = base
        self.sides: dict[int, tuple[int, str, int]] = {}
        self._noted: dict[int, str] = {}
        self._filled: dict[int, str] = {}

    def note(self, node: int, phrase: str, override: bool = False) -> None:
        """Remember the phrase for a node; plain series and constants keep their own."""
        if self.graph.nodes[node].op not in ("src", "const", "time", "first") and len(phrase) <= _LIMIT:
            if override:
                self._noted[node] = phrase
            else:
                self._noted.setdefault(node, phrase)
            self._filled.clear()

    def compare(self, node: int, left: int, op: str, right: int) -> None:
        """Remember both sides of a comparison as the user wrote them, with a constant on the right."""
        if op in _FLIPPED and self.graph.value(left) is not None:
            left, op, right = right, _FLIPPED[op], left
        self.sides.setdefault(node, (left, op, right))

    def of(self, node: int) -> str:
        """The phrase of a node: a noun phrase for a number, a clause for a boolean."""
        stack = [node]
        while stack:
            top = stack[-1]
            if top in self._filled:
                stack.pop()
                continue
            waiting = [a for a in self._needs(top) if a not in self._filled]
            if waiting:
                stack.extend(waiting)
                continue
            phrase = self._phrase(top)
            if self.graph.nodes[top].dtype == "bool":
                phrase = idiom(phrase)
            if len(phrase) > _LIMIT:
                phrase = self._brief(top)
            self._filled[top] = phrase
            stack.pop()
        return self._filled[node]

    def bare(self, node: int) -> str:
        """The phrase without its article, to follow `highest` and the like."""
        return self.of(node).removeprefix("the ")

    def suffix(self, node: int) -> str:
        """` of the close`, ` of 4h closes`: what an indicator is computed on."""
        found = self.graph.nodes[node]
        if found.op == "src" and str(found.params[1]) != self.base and str(found.params[0]) in _PLURAL:
            owner = f"{found.params[2]}'s " if found.params[2] else ""
            return f" of {owner}{found.params[1]} {_PLURAL[str(found.params[0])]}"
        phrase = self.of(node)
        return f" of ({phrase})" if self._is_infix(node) else f" of {phrase}"

    def since(self, event: int) -> str:
        """`since the 1d candle began`: where a window begins that lasts from an event."""
        found = self.graph.nodes[event]
        if found.op == "first" and event not in self._noted:
            return f"since the {found.params[0]} candle began"
        return f"since the last time that {self.of(event)}"

    def candles(self, node: int, n: float = 2) -> str:
        """`candles`, or `4h candles` for a node of a higher interval."""
        interval = self.graph.nodes[node].interval
        word = "candle" if n == 1 else "candles"
        return word if interval in (None, self.base) else f"{interval} {word}"

    def _is_infix(self, node: int) -> bool:
        return node not in self._noted and self.graph.nodes[node].op in (*_INFIX, "floordiv", "neg", "pow")

    def _needs(self, node: int) -> tuple[int, ...]:
        if node in self._noted:
            return ()
        if node in self.sides:
            return (self.sides[node][0], self.sides[node][2])
        return self.graph.nodes[node].args

    def _phrase(self, node: int) -> str:
        if node in self._noted:
            return self._noted[node]
        if node in self.sides:
            left, op, right = self.sides[node]
            return self._vote(left, op, right) or f"{self._filled[left]} {_VERBS.get(op, op)} {self._filled[right]}"
        found = self.graph.nodes[node]
        words = [f"({self._filled[a]})" if self._is_infix(a) else self._filled[a] for a in found.args]
        if found.op in _COMPARE:
            return self._comparison(found)
        if found.op in ("add", "mul"):
            # 1.5 times x, but x plus 1.5.
            first, last = (self.graph.value(a) is not None for a in found.args)
            if (last and found.op == "mul") or (first and found.op == "add"):
                words.reverse()
        if found.op in _INFIX:
            return f"{words[0]} {_INFIX[found.op]} {words[1]}"
        if found.op in _JOINED:
            return self._joined(node)
        if found.op == "not":
            return negated(words[0])
        if found.op in _PREFIX:
            return _PREFIX[found.op].format(*words)
        return self._other(node, found, words)

    def _joined(self, node: int) -> str:
        """All operands of a nested `a or b or c` in one row, in the order in which they were written."""
        op = self.graph.nodes[node].op
        parts: list[int] = []
        waiting = [node]
        while waiting:
            top = waiting.pop()
            whole = top != node and (top in self._noted or top in self.sides)
            if self.graph.nodes[top].op == op and not whole:
                waiting.extend(reversed(self.graph.nodes[top].args))
            else:
                parts.append(top)
        words = [self._filled[p] for p in sorted(set(parts))]
        two, many, joint = _JOINED[op]
        if len(words) == 2:
            return f"{two} {words[0]} {joint} {words[1]}"
        return f"{many} {', '.join(words[:-1])} {joint} {words[-1]}"

    def _comparison(self, found: Node) -> str:
        left, right = found.args
        op = _COMPARE[found.op]
        if self.graph.value(left) is not None:
            left, op, right = right, _FLIPPED[op], left
        return self._vote(left, op, right) or f"{self._filled[left]} {_VERBS[op]} {self._filled[right]}"

    def _brief(self, node: int) -> str:
        """The phrase of a node whose whole phrase would be too long to read."""
        if self.graph.nodes[node].dtype == "num":
            return "a longer expression"
        vote = self._vote(*self.sides[node], listed=False) if node in self.sides else ""
        return vote or "a longer condition holds"

    def _vote(self, left: int, op: str, right: int, listed: bool = True) -> str:
        """`at least 2 of these 3 hold: A; B; C` for a count of conditions held against a number; else nothing."""
        voters, many = self._voters(left), self.graph.value(right)
        if len(voters) < 2 or op not in _VOTES or not isinstance(many, float) or many != int(many):
            return ""
        word, step = _VOTES[op]
        if not listed:
            return f"{word} {int(many) + step} of {len(voters)} conditions hold"
        said = "; ".join(self._filled[voter] for voter in sorted(voters))
        return f"{word} {int(many) + step} of these {len(voters)} hold: {said}"

    def _voters(self, node: int) -> list[int]:
        """The conditions of which a sum counts how many hold; none where it counts anything else."""
        voters, waiting = [], [node]
        while waiting:
            found = self.graph.nodes[waiting.pop()]
            if found.op == "add":
                waiting.extend(found.args)
            elif found.op == "where" and [self.graph.value(a) for a in found.args[1:]] == [1, 0]:
                voters.append(found.args[0])
            else:
                return []
        return voters

    def _other(self, node: int, found: Node, words: list[str]) -> str:
        n = found.params[0] if found.params else 0
        match found.op:
            case "const":
                return number(n)
            case "src":
                return self._source(found)
            case "time":
                zone = f" in {found.params[2]}" if found.params[2] != "UTC" else ""
                part = _PARTS.get(str(n), str(n))
                return f"the {part}{zone}"
            case "first":
                return f"a new {n} candle has begun"
            case "shift" if found.dtype == "bool":
                return before(words[0], "one" if n == 1 else f"{n}", self.candles(node, 1))
            case "shift" if n == 1 and self.graph.nodes[found.args[0]].op in ("rmax", "rmin") and _OVER in words[0]:
                # `highest(high, 20)[1]` is the usual way to leave this candle out.
                return f"{words[0].replace(_OVER, ' over the ')} before this one"
            case "shift":
                many = isinstance(n, int) and n != 1
                count = f"{n}" if many else "one"
                if self.graph.nodes[found.args[0]].op.endswith("_since"):
                    return f"{words[0]} ({count} {self.candles(node, 2 if many else 1)} ago)"
                return f"{words[0]} {count} {self.candles(node, 2 if many else 1)} ago"
            case "floordiv":
                return f"{words[0]} divided by {words[1]}, rounded down"
            case "pow":
                return f"{words[0]} to the power of {number(n)}"
            case "rsum":
                return f"the sum of {words[0]} over the last {n} {self.candles(node)}"
            case "rmax" | "rmin":
                extreme = "highest" if found.op == "rmax" else "lowest"
                noun = words[0].removeprefix("the ")
                return f"the {extreme} {noun} over the last {n} {self.candles(node)}"
            case "rmean" | "stdev" | "rmad" | "ema" | "rma" | "kama":
                return f"the {n}-period {_AVERAGES[found.op]}{self.suffix(found.args[0])}"
            case "argmax" | "argmin":
                extreme = "highest" if found.op == "argmax" else "lowest"
                noun = words[0].removeprefix("the ")
                return f"the number of {self.candles(node)} since the {extreme} {noun} of the last {n}"
            case "percentrank":
                return f"the percent rank of {words[0]} among its last {n} values"
            case "rmax_since" | "rmin_since":
                extreme = "highest" if found.op == "rmax_since" else "lowest"
                return f"the {extreme} {words[0].removeprefix('the ')} {self.since(found.args[1])}"
            case "cumsum_since":
                return f"the sum of {words[0]} {self.since(found.args[1])}"
            case "psar":
                return f"the parabolic SAR({number(n)}, {number(found.params[1])})"
            case "supertrend":
                return f"the Supertrend {n}"
            case "external":
                return self._external(found)
            case "rank" | "market_percentile" | "market_mean" | "market_zscore" | "breadth":
                everyone = self.graph.value(found.args[1]) is True
                among = "all symbols" if everyone else f"the symbols where {words[1]}"
                return _ACROSS[found.op].format(x=words[0], among=among)
            case "trade_bars":
                return "the number of candles since the entry"
            case "trade_price":
                return "the entry price"
            case "at_entry":
                return f"{words[0]} at the entry"
            case "trade_max" | "trade_min":
                extreme = "highest" if found.op == "trade_max" else "lowest"
                return f"the {extreme} {words[0].removeprefix('the ')} since the entry"
            case "count":
                return f"the number of the last {n} {self.candles(node)} on which {words[0]}"
            case "within":
                return f"{words[0]} on at least one of the last {n} {self.candles(node)}"
            case "always":
                return f"{words[0]} on each of the last {n} {self.candles(node)}"
            case "barssince":
                return f"the number of {self.candles(node)} since the last time that {words[0]}"
            case "valuewhen":
                which = "the last time" if n == 0 else f"{n} times before the last time"
                return f"{words[1]} {which} that {words[0]}"
        return found.op

    def _external(self, found: Node) -> str:
        name, output = str(found.params[0]).split(":")
        scale = "" if found.interval == self.base else f" of {found.interval} candles"
        return external_name(name, output) + scale

    def _source(self, found: Node) -> str:
        field, interval, symbol = (str(p) for p in found.params)
        word = _WORDS.get(field, field)
        scale = "" if interval == self.base else f"{interval} "
        return f"{symbol}'s {scale}{word}" if symbol else f"the {scale}{word}"
