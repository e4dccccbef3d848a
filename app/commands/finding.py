"""What a check of `screener doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `note` is in order but worth knowing; `do` says what to do about a failure."""

    name: str
    state: Literal["ok", "note", "failed"]
    message: str
    do: str = ""
