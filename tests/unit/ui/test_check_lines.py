"""The card that says what to check before a filter is trusted."""

from __future__ import annotations

from typing import Any

from api.schemas import FilterReport, GeneratedStrategyOut
from api.schemas.checks import DisagreementOut, SentenceCheckOut, UnusedOut
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


def test_words_that_were_not_compared_are_told_instead_of_all_used() -> None:
    told = lines(SentenceCheckOut(unheld=("wenn der RSI <unter> 30 fällt", "x" * 200)))
    assert f"<b>“wenn der RSI &lt;unter&gt; 30 fällt”</b>, <b>“{'x' * 120}…”</b> could not be held against the" in told
    assert "Look at the matches below before you save." in told
    assert "All used" not in told
    assert "“4”</b> and 2 more could not" in lines(SentenceCheckOut(unheld=tuple("123456")))


def test_a_stop_that_is_missing_is_told_by_its_name() -> None:
    row = UnusedOut(kind="stop", words="stop 2%", start=0, end=7)
    assert "<b>“stop 2%”</b>: the filter has no stop." in lines(SentenceCheckOut(unused=(row,)))
