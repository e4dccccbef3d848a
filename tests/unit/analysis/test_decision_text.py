"""Text of a model that no database takes."""

from __future__ import annotations

import pytest

from analysis.decision import Decision


@pytest.mark.parametrize("unstorable", ["\x00", "\x1b", "\ud800", "\x00\udc00\x7f"])
def test_what_cannot_be_stored_is_left_out(unstorable: str) -> None:
    plan = {"setup": f"a{unstorable}b", "trigger_code": unstorable, "invalidation_code": f"match = {unstorable}true"}
    read = Decision.model_validate(
        {"decision": "wait", "confidence": 5, "reasoning": f"one\n{unstorable}two", "trade_plan": plan}
    )
    assert read.reasoning == "one\ntwo"
    assert (read.trade_plan.setup, read.trade_plan.trigger_code) == ("ab", None)
    assert read.trade_plan.invalidation_code == "match = true"
