"""What sort of strategy a program is, and how much it asks of a trader: read off the compiled graph.

For a description whose writer did not say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from screener import Program

if TYPE_CHECKING:
    from llm.schemas import Category, Difficulty, StrategyMetadata

_OSCILLATORS: Final = ("rsi(", "stoch", "willr", "cci(", "mfi(", "zscore", "bbands", "keltner", "percent_b", "cmo(")
_MOMENTUM: Final = ("macd", "roc(", "adx(", "aroon", "pct_change", "mom(", "tsi(", "trix", "awesome")
_TREND: Final = ("ema(", "sma(", "supertrend", "ichimoku", "psar", "hma(", "wma(", "vwap")
_VOLATILITY: Final = ("squeeze", "atr(", "natr", "stdev", ".width", "bandwidth")


def category_of(program: Program) -> Category:
    """The first of: candle patterns, breaks of a range, falls against a trend, turns, momentum, trend, volatility,
    volume."""
    code = " ".join(condition.text for condition in program.conditions)
    turned = any(word in code for word in _OSCILLATORS)
    trending = any(word in code for word in _TREND)
    found: Category = "other"
    if "cdl." in code:
        found = "pattern"
    elif any(word in code for word in ("highest(", "lowest(", "donchian")):
        found = "breakout"
    elif turned:
        found = "pullback" if trending else "mean reversion"
    elif any(word in code for word in _MOMENTUM):
        found = "momentum"
    elif trending:
        found = "trend"
    elif any(word in code for word in _VOLATILITY):
        found = "volatility"
    elif "volume" in code:
        found = "volume"
    return found


def difficulty_of(program: Program) -> Difficulty:
    """By the number of conditions and intervals, and whether it looks at other symbols or manages its own trade."""
    others = any(
        node.op in ("rank", "market_percentile", "market_mean", "market_zscore", "breadth") for node in program.nodes
    ) or any(node.op == "src" and node.params[2:3] not in ((), ("",)) for node in program.nodes)
    managed = any(result is not None for result in (program.exit, program.stop, program.target))
    weight = len(program.conditions) + 2 * (len(program.intervals) - 1) + 2 * others + managed
    return "beginner" if weight <= 3 else "intermediate" if weight <= 6 else "advanced"


def with_kind(metadata: StrategyMetadata, program: Program) -> StrategyMetadata:
    """The description with its sort and difficulty filled in where its writer left them open."""
    changes: dict[str, object] = {}
    if "category" not in metadata.model_fields_set or metadata.category == "other":
        changes["category"] = category_of(program)
    if "difficulty" not in metadata.model_fields_set:
        changes["difficulty"] = difficulty_of(program)
    return metadata.model_copy(update=changes) if changes else metadata
