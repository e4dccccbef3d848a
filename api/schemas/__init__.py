"""JSON shapes of the HTTP API; the only package of ours that the web app imports.

Times are ISO 8601 UTC, order prices and quantities are decimal strings, indicator values are numbers.
"""

from api.schemas.checks import ChoiceOut, QuestionOut, SentenceCheckOut, UnusedOut
from api.schemas.generation import FilterReport, GeneratedStrategyOut, PromptIn, ReadingRow
from api.schemas.market import CandleOut, CandlePage, ConnectionOut, CoverageOut, FeedOut, QuoteOut, StatusOut
from api.schemas.problem import FieldError, FindingOut, Problem
from api.schemas.signals import (
    AnalysisOut,
    ApprovalPreview,
    ConditionRow,
    SignalDetail,
    SignalOut,
    SignalPage,
)
from api.schemas.strategies import (
    CheckOut,
    EnableIn,
    ExplainOut,
    FailingOut,
    HistoryMatch,
    HistoryOut,
    NearMiss,
    NearOut,
    NearPage,
    QuotaOut,
    RunOut,
    StrategyDetail,
    StrategyIn,
    StrategyOut,
)
from api.schemas.trading import EventOut, ExecutionOut, OrderOut, PositionOut

__all__ = [
    "AnalysisOut",
    "ApprovalPreview",
    "CandleOut",
    "CandlePage",
    "CheckOut",
    "ChoiceOut",
    "ConditionRow",
    "ConnectionOut",
    "CoverageOut",
    "EnableIn",
    "EventOut",
    "ExecutionOut",
    "ExplainOut",
    "FailingOut",
    "FeedOut",
    "FieldError",
    "FilterReport",
    "FindingOut",
    "GeneratedStrategyOut",
    "HistoryMatch",
    "HistoryOut",
    "NearMiss",
    "NearOut",
    "NearPage",
    "OrderOut",
    "PositionOut",
    "Problem",
    "PromptIn",
    "QuestionOut",
    "QuotaOut",
    "QuoteOut",
    "ReadingRow",
    "RunOut",
    "SentenceCheckOut",
    "SignalDetail",
    "SignalOut",
    "SignalPage",
    "StatusOut",
    "StrategyDetail",
    "StrategyIn",
    "StrategyOut",
    "UnusedOut",
]
