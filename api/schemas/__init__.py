"""JSON shapes of the HTTP API; the only package of ours that the web app imports.

Times are ISO 8601 UTC, order prices and quantities are decimal strings, indicator values are numbers.
"""

from api.schemas.generation import FilterReport, GeneratedStrategyOut, PromptIn, ReadingRow
from api.schemas.market import CandleOut, CoverageOut, QuoteOut, StatusOut
from api.schemas.problem import FieldError, Problem
from api.schemas.signals import (
    AnalysisOut,
    ApprovalPreview,
    ConditionRow,
    SignalDetail,
    SignalOut,
    SignalPage,
)
from api.schemas.strategies import HistoryMatch, HistoryOut, NearMiss, RunOut, StrategyIn, StrategyOut
from api.schemas.trading import EventOut, ExecutionOut, OrderOut, PositionOut

__all__ = [
    "AnalysisOut",
    "ApprovalPreview",
    "CandleOut",
    "ConditionRow",
    "CoverageOut",
    "EventOut",
    "ExecutionOut",
    "FieldError",
    "FilterReport",
    "GeneratedStrategyOut",
    "HistoryMatch",
    "HistoryOut",
    "NearMiss",
    "OrderOut",
    "PositionOut",
    "Problem",
    "PromptIn",
    "QuoteOut",
    "ReadingRow",
    "RunOut",
    "SignalDetail",
    "SignalOut",
    "SignalPage",
    "StatusOut",
    "StrategyIn",
    "StrategyOut",
]
