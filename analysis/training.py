"""Up to when a model's training data goes, where its maker says so: what it may have read about a tested period.

The table is short on purpose. A model that is not in it is one of which nothing is known here, and that is said.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

# The first day after the last month that the maker names.
_UNTIL: Final = {
    "gpt-4o": date(2023, 11, 1),
    "gpt-4o-mini": date(2023, 11, 1),
    "gpt-4.1": date(2024, 7, 1),
    "gpt-4.1-mini": date(2024, 7, 1),
    "gpt-4.1-nano": date(2024, 7, 1),
    "gpt-5": date(2024, 10, 1),
    "gpt-5-mini": date(2024, 6, 1),
    "claude-3-5-sonnet": date(2024, 5, 1),
    "claude-3-5-haiku": date(2024, 8, 1),
    "claude-3-7-sonnet": date(2024, 12, 1),
    "claude-sonnet-4": date(2025, 4, 1),
    "claude-opus-4": date(2025, 4, 1),
    "gemini-2.5-pro": date(2025, 2, 1),
    "gemini-2.5-flash": date(2025, 2, 1),
    "llama-3.1": date(2024, 1, 1),
    "llama-3.3": date(2024, 1, 1),
}

# What may follow a model's name: a date, a version of the same, or the size of an open model.
_SUFFIX: Final = re.compile(r"(?:[-@:](?:\d{4,8}(?:-\d\d-\d\d)?|latest|0|\d+b|instruct|versatile))*")


def trained_until(model: str) -> date | None:
    """The first day that the model's training data does not reach; None where it is not known."""
    name = model.rpartition("/")[2].lower()
    for known in sorted(_UNTIL, key=len, reverse=True):
        if name.startswith(known) and _SUFFIX.fullmatch(name, len(known)):
            return _UNTIL[known]
    return None


def warning(model: str, first_ms: int, last_ms: int) -> str | None:
    """What to say of a test of `model` on candles between two moments (ms UTC); None where there is nothing to say."""
    first, last = (datetime.fromtimestamp(ms / 1000, UTC).date() for ms in (first_ms, last_ms))
    until = trained_until(model)
    if until is None:
        return (
            f"it is not known here up to when the training data of {model} goes: it may have seen these candles "
            f"({first} to {last}), and remembering is no skill"
        )
    if first >= until:
        return None
    part = "all of" if last < until else "a part of"
    return (
        f"the training data of {model} goes up to {until}: it may have seen {part} this period ({first} to {last}), "
        "and remembering is no skill"
    )
