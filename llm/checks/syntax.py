"""What the checks read off a program's syntax tree: the names it gives, its calls, constants and comparisons."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from screener.language.expressions import RESULTS

__all__ = ["RESULTS", "Comparison", "called", "compared", "constant", "definitions"]

Sign = Literal["<", "<=", ">", ">=", "=="]
_SIGNS: Final[dict[type[ast.cmpop], Sign]] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}


class Comparison(NamedTuple):
    """One comparison of two values, as it is written."""

    left: ast.expr
    sign: Sign
    right: ast.expr

    @property
    def below_and_above(self) -> tuple[ast.expr, ast.expr] | None:
        """The side that is the smaller one and the other; None of an equation."""
        if self.sign == "==":
            return None
        return (self.left, self.right) if self.sign in ("<", "<=") else (self.right, self.left)


def definitions(tree: ast.Module) -> dict[str, ast.expr]:
    """What each name of a program stands for, in order, its results among them."""
    return {
        line.targets[0].id: line.value
        for line in tree.body
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
    }


def called(node: ast.Call) -> str:
    """The last name of what is called: `rsi` of `tf("1h").rsi(close, 14)`."""
    return ast.unparse(node.func).rpartition(".")[2]


def constant(node: ast.expr) -> float | None:
    """The number that an expression is, sign included; None for anything else."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def compared(node: ast.AST) -> Iterator[Comparison]:
    """The comparisons that an expression makes itself: each of a chain, the one after a cross, both bounds of
    `between`."""
    match node:
        case ast.Compare():
            sides = [node.left, *node.comparators]
            for n, op in enumerate(node.ops):
                if type(op) in _SIGNS:
                    yield Comparison(sides[n], _SIGNS[type(op)], sides[n + 1])
        case ast.Call(func=ast.Name(id="crossover"), args=[left, right, *_]):
            yield Comparison(left, ">", right)
        case ast.Call(func=ast.Name(id="crossunder"), args=[left, right, *_]):
            yield Comparison(left, "<", right)
        case ast.Call(func=ast.Name(id="between"), args=[value, low, high]):
            yield Comparison(value, ">=", low)
            yield Comparison(value, "<=", high)
