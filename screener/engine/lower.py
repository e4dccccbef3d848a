"""From a program's nodes to the cells that a machine steps.

1. A cell is one row operation whose operands are earlier cells, each some candles ago. A shift is no cell: it is
   the lag of an operand (`Ref`).
2. A chain of `and` is one cell, unless somebody asks for what stands in its middle.
3. A window is cut into parts whose lengths are powers of two (`Lowering._window`): the window of 2m joins the
   window of m now and the one m candles ago. All windows over one input share these parts.
4. Equal cells are one: `Cells` numbers them by structure, whichever program asks, and counts who uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from screener.engine.cells import CONSTANT, INTERVAL_NUMBER, Cell, Cells, Ref
from screener.engine.kernels import codes as K
from screener.ir import Node
from screener.ops import OPS, Dtype

_LAG_BITS: Final = 20

_SAME: Final = {
    "add": K.ADD, "sub": K.SUB, "mul": K.MUL, "div": K.DIV, "floordiv": K.FLOORDIV, "mod": K.MOD,
    "min": K.MIN, "max": K.MAX, "nz": K.NZ, "neg": K.NEG, "abs": K.ABS, "sqrt": K.SQRT, "log": K.LOG,
    "exp": K.EXP, "round": K.ROUND, "sign": K.SIGN, "lt": K.LT, "le": K.LE, "eq": K.EQ, "ne": K.NE,
    "na": K.NA, "and": K.AND, "or": K.OR, "not": K.NOT, "whereb": K.WHEREB, "cumsum": K.CUMSUM,
}  # fmt: skip
_RIGHT: Final = {
    "add": K.ADD_CONST, "sub": K.SUB_CONST, "mul": K.MUL_CONST, "div": K.DIV_CONST, "lt": K.LT_CONST,
    "le": K.LE_CONST, "eq": K.EQ_CONST, "ne": K.NE_CONST,
}  # fmt: skip
_LEFT: Final = {
    "add": K.ADD_CONST, "sub": K.CONST_SUB, "mul": K.MUL_CONST, "div": K.CONST_DIV, "lt": K.GT_CONST,
    "le": K.GE_CONST, "eq": K.EQ_CONST, "ne": K.NE_CONST,
}  # fmt: skip
_ACROSS: Final = {
    "rank": K.RANK, "market_percentile": K.PERCENTILE, "market_mean": K.MEAN, "market_zscore": K.ZSCORE,
}  # fmt: skip
_SINCE: Final = {"cumsum_since": K.CUMSUM_SINCE, "rmax_since": K.MAX_SINCE, "rmin_since": K.MIN_SINCE}


class Lowering:
    """Lowers programs into `cells`. `find` gives a symbol's column or -1; `epoch` marks totals that start now."""

    def __init__(self, cells: Cells, find: Callable[[str], int], epoch: int = 0) -> None:
        self.cells = cells
        self._find = find
        self._epoch = epoch
        # By operator, arguments as cell and lag in one number, and params: where the value is, and its number.
        self._known: dict[tuple[object, ...], tuple[Ref, int]] = {}
        self._path: set[int] = set()

    def program(self, nodes: Sequence[Node], wanted: Collection[int] | None = None) -> tuple[Ref | None, ...]:
        """Where each node's value is; None for a link in a chain of `and` that is not among the nodes `wanted`, as such
        a chain is one cell. With None for `wanted` every node has its value.

        The caller uses the refs it keeps (`Cells.use`); no cell is forgotten while a lowering is in use.
        """
        refs: list[Ref | None] = []
        names: list[int] = []
        known = self._known
        links = set() if wanted is None else _links(nodes, wanted)
        for number, node in enumerate(nodes):
            op, args, params, dtype, interval = node
            if number in links:
                refs.append(None)
                names.append(0)
                continue
            # Python takes 1, 1.0 and True for the same key; constants of different type differ.
            if op == "and" and links and (args[0] in links or args[1] in links):
                key: tuple[object, ...] = (op, frozenset(names[a] for a in _chain(nodes, node, links)))
            elif len(args) == 2:
                key = (op, names[args[0]], names[args[1]], params)
            elif len(args) == 1:
                key = (op, names[args[0]], params)
            else:
                key = (op, tuple([names[a] for a in args]), params, dtype, interval)
            found = known.get(key)
            if found is None:
                parts = _chain(nodes, node, links) if op == "and" else args
                ref = self._lower(node, tuple([r for a in parts if (r := refs[a]) is not None]))
                found = known[key] = (ref, ref.cell << _LAG_BITS | ref.lag)
            refs.append(found[0])
            names.append(found[1])
        return tuple(refs)

    def _cell(
        self,
        op: int,
        operands: tuple[Ref | None, ...],
        interval: int,
        dtype: Dtype = "num",
        n: int = 0,
        parameters: tuple[float, ...] = (),
        state: int = 0,
        source: tuple[str, str, str] | None = None,
        path: bool = False,
        scanned: int = 1,
    ) -> Ref:
        path = path or any(o is not None and o.cell in self._path for o in operands)
        epoch = self._epoch if path else 0
        cell = Cell(op, operands, interval, dtype, n, parameters, state, source, epoch)
        number = self.cells.add(cell, scanned)
        if path:
            self._path.add(number)
        return Ref(number)

    def constant(self, value: float | bool) -> Ref:
        dtype: Dtype = "bool" if isinstance(value, bool) else "num"
        return self._cell(CONSTANT, (), 0, dtype, parameters=(float(value),))

    def _value(self, ref: Ref) -> float | None:
        cell = self.cells.rows[ref.cell]
        return cell.parameters[0] if cell.op == CONSTANT and cell.dtype == "num" else None

    def _lower(self, node: Node, args: tuple[Ref, ...]) -> Ref:
        if node.op == "const":
            value = node.params[0]
            assert not isinstance(value, str)
            return self.constant(value)
        if node.op == "shift":
            return args[0].ago(int(node.params[0])) if self._value(args[0]) is None else args[0]
        interval = INTERVAL_NUMBER[node.interval] if node.interval else INTERVAL_NUMBER["1m"]
        found = self._source(node, interval) or self._window(node, args, interval)
        return found or self._memory(node, args, interval) or self._plain(node, args, interval)

    def _source(self, node: Node, interval: int) -> Ref | None:
        params = [str(p) for p in node.params]
        match node.op:
            case "src":
                field, _, symbol = params
                column = self._find(symbol) if symbol else 0
                op = K.SRC_SYMBOL if symbol else K.SRC
                return self._cell(op, (), interval, n=column, source=("src", field, symbol))
            case "external":
                output, _, symbol, arguments = params
                column = self._find(symbol) if symbol else 0
                op = K.SRC_SYMBOL if symbol else K.SRC
                return self._cell(op, (), interval, n=column, source=("external", output, arguments), path=True)
            case "trade_bars" | "trade_price":
                return self._cell(K.SRC, (), interval, source=("src", node.op, ""))
            case "time":
                return self._cell(K.HOST_NUM, (), interval, source=("time", params[0], params[2]))
            case "first":
                return self._cell(K.HOST_BOOL, (), interval, "bool", source=("first", params[0], ""))
        return None

    def _plain(self, node: Node, args: tuple[Ref, ...], interval: int) -> Ref:
        op = node.op
        boolean = bool(args) and self.cells.rows[args[0].cell].dtype == "bool"
        if op == "pow":
            return self._cell(K.POW, args, interval, parameters=(float(node.params[0]),))
        if op == "where":
            cond, yes, no = args
            return self._cell(K.WHERE, (yes, no, cond), interval)
        if op in ("eq", "ne") and boolean:
            return self._cell(K.EQB if op == "eq" else K.NEB, args, interval, "bool")
        if op in _RIGHT:
            left, right = (self._value(a) for a in args)
            if right is not None and not (op == "div" and right == 0.0):
                return self._cell(_RIGHT[op], (args[0],), interval, node.dtype, parameters=(right,))
            if left is not None and right is None:
                return self._cell(_LEFT[op], (args[1],), interval, node.dtype, parameters=(left,))
        if op == "and" and (len(args) > 2 or args[0] == args[1]):
            parts = tuple(sorted(set(args)))
            return parts[0] if len(parts) == 1 else self._cell(K.ALL, parts, interval, "bool", n=len(parts))
        if op not in _SAME:
            raise ValueError(f"the engine has no operator {op!r}")
        path = OPS[op].kind == "path"
        return self._cell(_SAME[op], args, interval, node.dtype, state=1 if path else 0, path=path)

    def _memory(self, node: Node, args: tuple[Ref, ...], interval: int) -> Ref | None:
        n = int(node.params[0]) if node.params and isinstance(node.params[0], int) else 0
        match node.op:
            case "ema" | "rma":
                alpha = 2.0 / (n + 1.0) if node.op == "ema" else 1.0 / n
                return self._cell(K.SMOOTH, args, interval, n=n, parameters=(alpha,), state=2)
            case "kama":
                return self._kama(args[0], n, float(node.params[1]), float(node.params[2]), interval)
            case "psar":
                pace = (float(node.params[0]), float(node.params[1]))
                return self._cell(K.PSAR, args, interval, parameters=pace, state=6, path=True)
            case "supertrend":
                side = int(node.params[0] == "direction")
                return self._cell(K.TRAIL, args, interval, n=side, state=3, path=True)
            case "barssince":
                return self._cell(K.BARSSINCE, (None, None, args[0]), interval, state=1, path=self._open(args[0]))
            case "valuewhen":
                return self._cell(K.VALUEWHEN, (args[1], None, args[0]), interval, n=n, state=n + 1, path=True)
            case "cumsum_since" | "rmax_since" | "rmin_since":
                operands, rows = (args[0], None, args[1]), 1 if node.op == "cumsum_since" else 2
                return self._cell(_SINCE[node.op], operands, interval, state=rows, path=self._open(args[1]))
            case "breadth":
                return self._cell(K.BREADTH, (None, None, args[0], args[1]), interval)
            case "rank" | "market_percentile" | "market_mean" | "market_zscore":
                return self._cell(_ACROSS[node.op], (args[0], None, args[1]), interval)
            case "at_entry" | "trade_max" | "trade_min":
                return self._trade(node.op, args[0], interval)
        return None

    def _open(self, event: Ref) -> bool:
        """Whether nothing bounds how long ago the event was; a new day, say, begins once a day."""
        return self.cells.rows[event.cell].op != K.HOST_BOOL

    def _kama(self, x: Ref, n: int, fast: float, slow: float, interval: int) -> Ref:
        step = self._cell(K.ABS, (self._cell(K.SUB, (x, x.ago(1)), interval),), interval)
        move = self._cell(K.ABS, (self._cell(K.SUB, (x, x.ago(n)), interval),), interval)
        path = self._sum(step, n, interval)
        pace = (2.0 / (fast + 1.0), 2.0 / (slow + 1.0))
        return self._cell(K.KAMA, (x, x.ago(1), move, path), interval, parameters=pace, state=1)

    def _trade(self, op: str, x: Ref, interval: int) -> Ref:
        age = self._cell(K.SRC, (), interval, source=("src", "trade_bars", ""))
        entry = self._cell(K.EQ_CONST, (age,), interval, "bool", parameters=(0.0,))
        if op == "at_entry":
            return self._cell(K.VALUEWHEN, (x, None, entry), interval, state=1, path=True)
        kind = K.MAX_SINCE if op == "trade_max" else K.MIN_SINCE
        return self._cell(kind, (x, None, entry), interval, state=2, path=True)

    def _window(self, node: Node, args: tuple[Ref, ...], interval: int) -> Ref | None:
        if node.op not in _WINDOWS:
            return None
        n, x = int(node.params[0]), args[0]
        # The window of what was some candles ago is the window some candles ago.
        now, lag = Ref(x.cell), x.lag
        match node.op:
            case "rsum":
                found = self._sum(now, n, interval)
            case "count":
                found = self._sum(self._cell(K.NUMBER, (None, None, now), interval), n, interval)
            case "rmean":
                found = self._mean(now, n, interval)
            case "stdev":
                found = self._deviation(now, n, interval)
            case "rmax" | "rmin":
                found = self._extreme(K.MAX if node.op == "rmax" else K.MIN, now, n, interval, "num")
            case "within" | "always":
                found = self._extreme(K.OR if node.op == "within" else K.AND, now, n, interval, "bool")
            case "argmax" | "argmin":
                found = self._age(node.op == "argmax", now, n, interval)
            case "rmad":
                mean = self._mean(now, n, interval)
                found = self._cell(K.DEVIATION, (mean, now), interval, n=n)
                self.cells.depth[now.cell] = max(self.cells.depth[now.cell], n)
            case _:
                found = self._cell(K.PERCENTRANK, (now,), interval, n=n, scanned=n + 1)
        return found.ago(lag)

    def _doubled(self, op: int, x: Ref, m: int, interval: int, dtype: Dtype) -> Ref:
        """The window of m (a power of two) values joined by `op`."""
        if m == 1:
            return x
        half = self._doubled(op, x, m // 2, interval, dtype)
        return self._cell(op, (half, half.ago(m // 2)), interval, dtype)

    def _extreme(self, op: int, x: Ref, n: int, interval: int, dtype: Dtype) -> Ref:
        # Two windows of one length that overlap: an extreme does not mind.
        m = 1 << (n.bit_length() - 1)
        part = self._doubled(op, x, m, interval, dtype)
        return part if m == n else self._cell(op, (part, part.ago(n - m)), interval, dtype)

    def _sum(self, x: Ref, n: int, interval: int) -> Ref:
        total: Ref | None = None
        age = 0
        for m in _parts(n):
            part = self._doubled(K.ADD, x, m, interval, "num").ago(age)
            total = part if total is None else self._cell(K.ADD, (total, part), interval)
            age += m
        assert total is not None
        return total

    def _mean(self, x: Ref, n: int, interval: int) -> Ref:
        ref, scale = self._scaled_mean(x, n, interval)
        return ref if scale == 1.0 else self._cell(K.MUL_CONST, (ref,), interval, parameters=(scale,))

    def _scaled_mean(self, x: Ref, n: int, interval: int) -> tuple[Ref, float]:
        """A cell and the power of two that makes it the mean of the last n."""
        if n & (n - 1) == 0:
            return self._sum(x, n, interval), 1.0 / n
        m = 1 << (n.bit_length() - 1)
        newer, scale = self._scaled_mean(x, n - m, interval)
        older = self._sum(x, m, interval).ago(n - m)
        return self._cell(K.MIX, (newer, older), interval, parameters=(scale, 1.0 / m, m / n)), 1.0

    def _deviation(self, x: Ref, n: int, interval: int) -> Ref:
        if n == 1:
            return self._cell(K.SUB, (x, x), interval)
        square = self._squares(x, n, interval)
        return self._cell(K.ROOT_MEAN, (square,), interval, parameters=(float(n),))

    def _squares(self, x: Ref, n: int, interval: int) -> Ref:
        """Sum of squared deviations of the last n from their mean."""
        if n == 1:
            return self.constant(0.0)
        m = 1 << ((n - 1).bit_length() - 1)
        newer, scale = self._scaled_mean(x, n - m, interval)
        older = self._sum(x, m, interval).ago(n - m)
        first, last = self._squares(x, n - m, interval), self._squares(x, m, interval)
        last = last if m == 1 else last.ago(n - m)
        weight = (n - m) * m / n
        return self._cell(K.MERGE, (newer, older, first, last), interval, parameters=(scale, 1.0 / m, weight))

    def _age(self, top: bool, x: Ref, n: int, interval: int) -> Ref:
        """Candles since the extreme of the last n, the newest on ties."""
        if n == 1:
            return self._cell(K.SUB, (x, x), interval)
        m = 1 << ((n - 1).bit_length() - 1)
        value = self._doubled(K.MAX if top else K.MIN, x, m, interval, "num")
        age = self._age(top, x, m, interval)
        operands = (value, value.ago(n - m), age, age.ago(n - m))
        return self._cell(K.AGE_MAX if top else K.AGE_MIN, operands, interval, parameters=(float(n - m),))


_WINDOWS: Final = frozenset(
    {"rsum", "rmean", "rmax", "rmin", "stdev", "rmad", "argmax", "argmin", "percentrank", "count", "within", "always"}
)


def _parts(n: int) -> list[int]:
    """The powers of two that add up to n, smallest first."""
    return [1 << b for b in range(n.bit_length()) if n >> b & 1]


def _links(nodes: Sequence[Node], wanted: Collection[int]) -> set[int]:
    """The `and` nodes that only other `and` nodes use."""
    used_by: dict[int, bool] = {}
    for node in nodes:
        for arg in node.args:
            if nodes[arg].op == "and":
                used_by[arg] = used_by.get(arg, True) and node.op == "and"
    return {number for number, only in used_by.items() if only and number not in wanted}


def _chain(nodes: Sequence[Node], node: Node, links: Collection[int]) -> list[int]:
    """What a chain of `and` joins, through its links."""
    found: list[int] = []
    waiting = list(node.args)
    while waiting:
        arg = waiting.pop()
        if arg in links:
            waiting.extend(nodes[arg].args)
        else:
            found.append(arg)
    return found
