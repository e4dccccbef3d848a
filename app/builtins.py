"""Strategies that come with the program."""

from __future__ import annotations

import tomllib
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field


class BuiltIn(BaseModel):
    """One entry of `builtin/strategies.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    description: str
    direction: str
    interval: str
    category: str
    difficulty: str
    enabled: bool
    instructions: str
    filter_code: str = Field(alias="filter")


def built_in_strategies() -> tuple[BuiltIn, ...]:
    """All of them, in the order of the file."""
    text = resources.files("app").joinpath("builtin/strategies.toml").read_text(encoding="utf-8")
    return tuple(BuiltIn.model_validate(entry) for entry in tomllib.loads(text)["strategy"])
