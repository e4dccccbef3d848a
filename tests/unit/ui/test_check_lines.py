"""The card that says what to check before a filter is trusted."""

from __future__ import annotations

from typing import Any

from api.schemas import FilterReport, GeneratedStrategyOut
from api.schemas.checks import DisagreementOut, SentenceCheckOut
from ui.components import asking
from ui.components.drafts import Draft


def lines(checks: SentenceCheckOut) -> str:
    """The card's lines for a filter of which the checks say this, and nothing else is to be told."""
    given: dict[str, Any] = {"not_understood": (), "assumptions": (), "checks": checks}
    made, report = GeneratedStrategyOut.model_construct(**given), FilterReport.model_construct(**given)
    return "".join(asking._lines(Draft(generated=made, report=report, shown=report)))


def test_what_a_filter_says_otherwise_is_told_with_both_readings() -> None:
    row = DisagreementOut(words="RSI < 30", start=0, end=8, asked="RSI is below 30", said="RSI is above 30")
    told = lines(SentenceCheckOut(disagreements=(row,)))
    assert "<b>“RSI &lt; 30”</b> seems to say: RSI is below 30. The filter says: RSI is above 30." in told
    assert "All used" not in told
    assert "All used" in lines(SentenceCheckOut())
