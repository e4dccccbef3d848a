"""How a node of a graph is said in the filter language.

1. `Wording.form` says a node with the largest word of the language that is that structure (`_word`), found by laying
   templates over it (`screener.language.templates`) and proved by building it (`_is`).
2. What joins conditions is said by words that are some of it, and the rest (`_joined`).
3. Anything else is said by its operator (`_operator`, `_leaf`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from screener.errors import ConstantError, TooLarge
from screener.ir import Graph, Node
from screener.language.binding import MAX_WINDOW
from screener.language.plan import used
from screener.language.shared import Lasting
from screener.language.templates import Bound, Matcher, Template, normalised, operands, templates
from screener.ops import ASSOCIATIVE
from screener.vocabulary.formula import CandleTerms, Term
from screener.vocabulary.patterns import PATTERNS

_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
_MAX_SOURCES: Final = 60

_INFIX: Final = {
    "add": ("+", _SUM), "sub": ("-", _SUM), "mul": ("*", _PRODUCT), "div": ("/", _PRODUCT),
    "floordiv": ("//", _PRODUCT), "mod": ("%", _PRODUCT),
}  # fmt: skip
_COMPARISONS: Final = {"lt": ("<", ">"), "le": ("<=", ">="), "eq": ("==", "=="), "ne": ("!=", "!=")}
_TRADE: Final = {"at_entry": "at_entry", "trade_max": "highest", "trade_min": "lowest"}
_SHAPED: Final = ("wma", "hma", "linreg", "slope")
"""Indicators whose graph has another shape for every length."""


class CannotSpell(ValueError):
    """An operator that no word of the language means by itself."""


class Slot(NamedTuple):
    """A place for a node's text; what binds less than `level` gets parentheses."""

    node: int
    level: int = _CHOICE


@dataclass(frozen=True, slots=True)
class Form:
    """How a node is said: text, and slots for what it is made of."""

    parts: tuple[str | Slot, ...]
    level: int = _ATOM


def number_text(value: float | bool) -> str:
    """A constant as the language reads it back, exactly."""
    if isinstance(value, bool):
        return repr(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


class Wording:
    """Says the nodes under `roots` of a normalised pool, for a filter of interval `base`."""

    def __init__(self, pool: Lasting, base: str, roots: Sequence[int]) -> None:
        self.base = base
        self.roots = roots
        self.chains: dict[str, list[tuple[int, set[int]]]] = {}
        self.pool = pool
        self.graph = Graph(pool)
        self.matcher = Matcher(pool)
        self.sizes: dict[int, int] = {}
        # What the word that was built last joins.
        self._parts: set[int] = set()

    def form(self, root: int) -> Form:
        """How a node is said, with slots for those it is made of."""
        node = self.pool.nodes[root]
        if node.op in ("and", "or"):
            return self._joined(root)
        return self._word(root) or self._operator(root, node)

    def _word(self, root: int) -> Form | None:
        """The first word whose graph this is."""
        shaped = self._shaped(root)
        if shaped is not None:
            return shaped
        for template in templates().get(self.pool.nodes[root].op, ()):
            if template.name in _SHAPED:
                continue
            found = list(self.matcher.matches(template, root))
            # The candles themselves, before series given in their place.
            for explicit in (False, True) if template.candles else (False,):
                for bound in found:
                    form = self._said(template, bound, root, explicit)
                    if form is not None:
                        return form
        return None

    def _said(self, template: Template, bound: Bound, root: int, explicit: bool = False) -> Form | None:
        """The word with its arguments, if it is `root`; `explicit` gives the candle's series too."""
        values: list[Any] = []
        shown: list[str | Slot] = []
        silent: list[bool] = []
        for place, (arg, fixed) in enumerate(zip(template.args, template.given, strict=True)):
            if ("x", arg.name) in bound:
                node = bound[("x", arg.name)]
                values.append(Term(self.graph, node))
                shown.append(Slot(node))
                silent.append(arg.default is not None and self.pool.value(node) == arg.default)
                continue
            value = fixed if fixed is not None else bound.get(("p", arg.name), arg.default)
            if ("s", arg.name) in bound:
                # A pivot's window is left + right + 1, and its left side is nowhere else.
                value = bound[("s", arg.name)] - bound.get(("p", template.args[place + 1].name), 0) - 1
            if value is None or (arg.kind in ("length", "index", "window") and not value == int(value) >= 0):
                return None
            values.append(Term(self.graph, self.graph.const(value)) if arg.kind == "bool" else value)
            shown.append(json.dumps(value) if isinstance(value, str) else number_text(value))
            silent.append(fixed == arg.default if fixed is not None else ("p", arg.name) not in bound)
        fields = {field: node for (kind, field), node in bound.items() if kind == "c"}
        if explicit and len(fields) < len(template.candles):
            return None
        scope = (self.base, "") if explicit else self._scope(fields, bound.get(("in", "")))
        if scope is None:
            return None
        interval, symbol = scope
        if not self._is(
            root, template, values, CandleTerms(self.graph, interval, symbol, self._given(fields, explicit))
        ):
            return None
        if template.group == "series":
            return Form((f"{self._prefix(interval, symbol, '')}{template.name}",))
        if template.group == "pattern":
            row = PATTERNS[template.name]
            side = f".{template.output}" if template.output and template.output != row.sides[0] else ""
            return Form((f"{self._prefix(interval, symbol, '')}cdl.{template.name}(){side}",))
        # Defaults at the end go without saying.
        while shown and silent[len(shown) - 1]:
            shown.pop()
        if template.group == "function":
            return Form((f"{template.name}(", *_listed(shown), ")"))
        if explicit:
            shown = [*(Slot(fields[field]) for field in template.candles), *shown]
        prefix = self._prefix(interval, symbol, "ta.")
        if not fields and shown and isinstance(shown[0], Slot):
            source = self.pool.nodes[shown[0].node]
            if source.op == "src" and (source.params[1] != self.base or source.params[2]):
                # tf("4h").rsi(close, 14) reads better than ta.rsi(tf("4h").close, 14).
                prefix = self._prefix(str(source.params[1]), str(source.params[2]), "ta.")
                shown = [str(source.params[0]), *shown[1:]]
        output = f".{template.output}" if template.output else ""
        return Form((f"{prefix}{template.name}(", *_listed(shown), f"){output}"))

    def _scope(self, fields: Mapping[str, int], interval: str | None) -> tuple[str, str] | None:
        """The interval and symbol whose candles these are; the base's where there are none."""
        scopes = {(interval, "")} if interval is not None and not fields else set()
        for field, node in fields.items():
            found = self.pool.nodes[node]
            if found.op != "src" or found.params[0] != field:
                return None
            scopes.add((str(found.params[1]), str(found.params[2])))
        if not scopes:
            return self.base, ""
        (first, *rest) = scopes
        return None if rest or first[0] is None or (interval or first[0]) != first[0] else (first[0], first[1])

    def _given(self, fields: Mapping[str, int], explicit: bool) -> tuple[tuple[str, Term], ...]:
        return tuple((field, Term(self.graph, node)) for field, node in fields.items()) if explicit else ()

    def _is(self, root: int, template: Template, values: Sequence[Any], candles: CandleTerms) -> bool:
        """Whether the word's own graph on these arguments is `root`, or is among what `root` joins."""
        self.graph.work = 0
        try:
            term = template.build(self.graph, values, candles)
        except (ConstantError, TooLarge, ArithmeticError):
            return False
        built = normalised(self.pool.nodes, [term.node], self.pool)[term.node]
        nodes = self.pool.nodes
        if built == root and nodes[root].op not in ("and", "or"):
            return True
        if nodes[built].op not in ("and", "or") or nodes[built].op != nodes[root].op:
            return False
        self._parts = set(operands(nodes, built))
        return self._parts <= set(operands(nodes, root))

    def _shaped(self, root: int) -> Form | None:
        """An indicator whose shape depends on its length: `wma` and what is made of it."""
        nodes = self.pool.nodes
        op, args = nodes[root].op, nodes[root].args
        mean = self._weighted(root)
        if mean is not None:
            around, length = mean
            inner = self._weighted(nodes[around].args[1]) if nodes[around].op == "sub" else None
            found = self._said_of("hma", root, inner) if inner and math.isqrt(inner[1]) == length else None
            return found or self._said_of("wma", root, mean)
        # linreg and slope hold the simple mean of the same series and length.
        sides = [args[1]] if op == "sub" else [a for a in args if nodes[a].op == "sub"] if op == "mul" else []
        for side in sides:
            for simple in (side, *nodes[side].args):
                if nodes[simple].op == "rmean":
                    of = (nodes[simple].args[0], int(nodes[simple].params[0]))
                    found = self._said_of("linreg" if op == "sub" else "slope", root, of)
                    if found is not None:
                        return found
        return None

    def _said_of(self, name: str, root: int, of: tuple[int, int]) -> Form | None:
        for template in templates().get(self.pool.nodes[root].op, ()):
            if template.name == name:
                return self._said(template, {("x", "x"): of[0], ("p", "length"): of[1]}, root)
        return None

    def _weighted(self, root: int) -> tuple[int, int] | None:
        """The series and length of which a node is the weighted mean."""
        node = self.pool.nodes[root]
        total = self.pool.value(node.args[1]) if node.op == "div" else None
        length = (math.isqrt(8 * int(total) + 1) - 1) // 2 if total is not None and 0 < total < 2**31 else 0
        if length * (length + 1) / 2 != total or not 1 < length <= MAX_WINDOW:
            return None
        for source in self._simplest(used(self.pool.nodes, [node.args[0]]))[:_MAX_SOURCES]:
            if self.pool.nodes[source].dtype == "num" and self._said_of("wma", root, (source, length)):
                return source, length
        return None

    def _size(self, node: int) -> int:
        found = self.sizes.get(node)
        if found is None:
            found = self.sizes[node] = len(used(self.pool.nodes, [node]))
        return found

    def _simplest(self, nodes: Sequence[int]) -> list[int]:
        """The same, smallest first."""
        return sorted(nodes, key=lambda n: (self._size(n), self.pool.names.of(n)))

    def _joined(self, root: int) -> Form:
        """`and` and `or`: what is joined elsewhere too, words that are some of it, then the rest."""
        op = self.pool.nodes[root].op
        parts = set(operands(self.pool.nodes, root))
        said: list[tuple[Form, set[int]]] = []
        level = _AND if op == "and" else _OR
        for chain, joined in self._chains(op):
            if joined < parts and not any(joined <= covered for _, covered in said):
                said.append((Form((Slot(chain, level),), level), joined))
        for template in templates().get(op, ()):
            for bound in self.matcher.matches(template, root):
                form = self._said(template, bound, root)
                covered = self._parts
                if form is not None and len(covered) > 1 and not any(covered <= c for _, c in said):
                    said = [(f, c) for f, c in said if not c < covered]
                    said.append((form, covered))
        left = parts.difference(*(covered for _, covered in said))
        forms = [form for form, _ in said]
        forms += [Form((Slot(node, level + 1),), level + 1) for node in self._simplest(list(left))]
        if len(forms) == 1:
            return forms[0]
        pieces: list[str | Slot] = []
        for i, form in enumerate(forms):
            pieces += [f" {op} " if i else "", *form.parts]
        return Form(tuple(pieces), level)

    def _chains(self, op: str) -> list[tuple[int, set[int]]]:
        """Joins by `op` that the filter has for their own sake, the longest first, with what they join."""
        found = self.chains.get(op)
        if found is None:
            nodes = self.pool.nodes
            waiting = list(self.roots)
            seen: set[int] = set()
            while waiting:
                node = waiting.pop()
                if node not in seen:
                    seen.add(node)
                    joins = nodes[node].op in ASSOCIATIVE
                    waiting.extend(operands(nodes, node) if joins else nodes[node].args)
            own = [(n, set(operands(nodes, n))) for n in seen if nodes[n].op == op]
            found = sorted(own, key=lambda pair: (-len(pair[1]), self.pool.names.of(pair[0])))
            self.chains[op] = found
        return found

    def _operator(self, root: int, node: Node) -> Form:
        op, args, params, _, _ = node
        if op == "const":
            value = params[0]
            assert not isinstance(value, str)
            negative = not isinstance(value, bool) and value < 0
            return Form((number_text(value),), _SIGN if negative else _ATOM)
        if op in _INFIX:
            return self._infix(op, args)
        if op in _COMPARISONS:
            first, second = args
            if op == "lt" and first == second:
                # Written out it is refused: it can never be true.
                return Form(("not between(", *_listed([Slot(first)] * 3), ")"), _NOT)
            sign, flipped = _COMPARISONS[op]
            turned = self._simplest(args)[0] != first or self.pool.value(first) is not None
            if turned and self.pool.value(second) is None:
                first, second, sign = second, first, flipped
            return Form((Slot(first, _SUM), f" {sign} ", Slot(second, _SUM)), _COMPARE)
        if op == "not":
            return Form(("not ", Slot(args[0], _NOT)), _NOT)
        if op in ("where", "whereb"):
            return Form((Slot(args[1], _OR), " if ", Slot(args[0], _OR), " else ", Slot(args[2], _OR)), _CHOICE)
        if op in ("min", "max"):
            inner = self._simplest(operands(self.pool.nodes, root))
            return Form((f"{op}(", *_listed([Slot(n) for n in inner]), ")"))
        if op == "shift":
            return Form((Slot(args[0], _ATOM), f"[{params[0]}]"))
        if op == "neg":
            return Form(("-", Slot(args[0], _SIGN)), _SIGN)
        if op == "pow":
            return Form((Slot(args[0], _ATOM), " ** ", number_text(float(params[0]))), _POWER)
        if op in _TRADE:
            return Form((f"trade.{_TRADE[op]}(", Slot(args[0]), ")"))
        return Form((self._leaf(node),))

    def _infix(self, op: str, args: tuple[int, ...]) -> Form:
        sign, level = _INFIX[op]
        first, second = args
        if op in ("add", "mul"):
            # 1.5 * x, but x + 1.5; else the simpler first.
            first, second = self._simplest(args)
            if op == "add" and self.pool.value(first) is not None:
                first, second = second, first
            if op == "mul" and self.pool.value(second) is not None:
                first, second = second, first
        return Form((Slot(first, level), f" {sign} ", Slot(second, level + 1)), level)

    def _leaf(self, node: Node) -> str:
        op, params = node.op, [str(p) for p in node.params]
        if op == "src":
            return f"{self._prefix(params[1], params[2], '')}{params[0]}"
        if op == "time":
            zone = "" if params[2] == "UTC" else f"({json.dumps(params[2])})"
            return f"{self._prefix(params[1], '', '')}{params[0]}{zone}"
        if op == "first":
            first = f"tf({json.dumps(params[0])}).first"
            # A window of one candle is the value itself, read among that interval's candles.
            return first if params[1] == self.base else f"tf({json.dumps(params[1])}).within({first}, 1)"
        if op in ("trade_bars", "trade_price"):
            return f"trade.{params[0]}"
        if op == "external":
            name, _, output = params[0].partition(":")
            given = ", ".join(f"{key}={_literal(value)}" for key, value in json.loads(params[3]).items())
            return f"{self._prefix(params[1], params[2], 'ta.')}{name}({given}){'.' if output else ''}{output}"
        raise CannotSpell(f"no word of the language means '{op}' by itself")

    def _prefix(self, interval: str, symbol: str, own: str) -> str:
        """What stands before a word of an interval and symbol: `own` for the base's."""
        if interval == self.base and not symbol:
            return own
        owner = f"symbol({json.dumps(symbol)})." if symbol else ""
        return owner if interval == self.base else f"{owner}tf({json.dumps(interval)})."


def _literal(value: Any) -> str:
    return number_text(value) if isinstance(value, int | float) else json.dumps(value)


def _listed(parts: Sequence[str | Slot]) -> list[str | Slot]:
    listed: list[str | Slot] = []
    for part in parts:
        listed += [", ", part] if listed else [part]
    return listed


__all__ = ["CannotSpell", "Form", "Slot", "Wording", "number_text"]
