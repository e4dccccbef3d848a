"""The filter language: compile a filter, read it, list what it can use. The engine is `screener.engine.engine`."""

from screener.errors import Diagnostic, FilterError
from screener.intervals import INTERVAL_MS, SERIES, interval_ms, is_close, is_multiple, open_of
from screener.ir import Condition, Graph, Node, Program
from screener.language.canonical import CannotSpell, canonical_source
from screener.language.check import compile_filter, results_of
from screener.language.explain import ExplainRow, condition_text, explain_row, reading, result_readings
from screener.language.report import catalogue, compile_report, error_report, program_report
from screener.vocabulary.registry import IndicatorInfo

__all__ = [
    "INTERVAL_MS",
    "SERIES",
    "CannotSpell",
    "Condition",
    "Diagnostic",
    "ExplainRow",
    "FilterError",
    "Graph",
    "IndicatorInfo",
    "Node",
    "Program",
    "canonical_source",
    "catalogue",
    "compile_filter",
    "compile_report",
    "condition_text",
    "error_report",
    "explain_row",
    "interval_ms",
    "is_close",
    "is_multiple",
    "open_of",
    "program_report",
    "reading",
    "result_readings",
    "results_of",
]
