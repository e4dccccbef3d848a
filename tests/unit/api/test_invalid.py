"""What is told of fields that are not valid: words for whoever sent them, not a library's."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from api.problems import invalid
from api.schemas import StrategyIn

FINE = {"name": "n", "interval": "1h", "filter_code": "match = close > 1"}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": None}, "name", "is missing"),
        ({"name": ""}, "name", "is empty"),
        ({"name": "x" * 1_300}, "name", "has 1,300 characters; 120 is the most"),
        ({"nothing": 1}, "nothing", "there is no such field"),
    ],
)
def test_a_field_s_fault_is_told_in_plain_words(changes: dict[str, Any], field: str, said: str) -> None:
    sent = {name: value for name, value in {**FINE, **changes}.items() if value is not None}
    with pytest.raises(ValidationError) as caught:
        StrategyIn.model_validate(sent)
    assert {e["loc"][0]: invalid({**e}) for e in caught.value.errors()} == {field: said}


def test_what_our_own_checks_say_has_no_library_s_words_before_it() -> None:
    with pytest.raises(ValidationError) as caught:
        StrategyIn.model_validate({**FINE, "interval": "7m"})
    [error] = caught.value.errors()
    assert invalid({**error}).startswith("use one of"), invalid({**error})
