"""Strategies that come with the program."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from screener import compile_filter
from store import strategies
from store.records import NewStrategy
from store.session import Database


class BuiltIn(BaseModel):
    """One entry of `builtin/strategies.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    description: str
    direction: Literal["long", "short"]
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


async def store_built_ins(database: Database) -> None:
    """Write the built-in strategies to the database; whether one is enabled stays as people left it."""
    async with database.worker() as conn:
        for entry in built_in_strategies():
            program = compile_filter(entry.filter_code, entry.interval)
            await strategies.upsert_built_in(
                conn,
                NewStrategy(
                    code=entry.code,
                    name=entry.name,
                    description=entry.description,
                    direction=entry.direction,
                    base_interval=entry.interval,
                    filter_code=entry.filter_code,
                    filter_hash=program.hash,
                    reading=program.reading,
                    conditions=[c.text for c in program.conditions],
                    instructions=entry.instructions,
                    category=entry.category,
                    difficulty=entry.difficulty,
                    enabled=entry.enabled,
                ),
            )
