"""Models that answer as a test says, or not at all, and an answer that stands."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel

from analysis import Snapshot
from llm.answers import parse_answer
from llm.models import ModelAnswer, ModelError, ModelRequest

Schema = TypeVar("Schema", bound=BaseModel)


class Says:
    """A model that answers with a fixed text, read as every model's text is."""

    name = "test model"

    def __init__(self, text: str) -> None:
        self.text = text
        self.requests: list[ModelRequest[Any]] = []

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        self.requests.append(request)
        data = parse_answer(self.text, request.schema, self.name)
        return ModelAnswer(data, self.text, self.name, 900, 120, 0.004, 850.0)


class Fails:
    """A model that never answers."""

    name = "test model"

    def __init__(self, error: ModelError) -> None:
        self.error = error

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        raise self.error


def sound(snapshot: Snapshot, **levels: object) -> str:
    """An entry for a long of this snapshot that passes every check, but for the levels given."""
    assert snapshot.atr is not None
    answer = {
        "decision": "enter_trade",
        "confidence": 72,
        "reasoning": "The trend and the swing agree.",
        "trade_plan": {"setup": "Dip", "execution": "Market", "invalidation": "Stop", "risk_reward": 5},
        "key_levels": {
            "entry": snapshot.price,
            "stop_loss": snapshot.price - 2 * snapshot.atr,
            "take_profit": [snapshot.price + 6 * snapshot.atr],
            "support": [snapshot.supports[0].price],
            "resistance": [],
            **levels,
        },
    }
    return "Here it is:\n```json\n" + json.dumps(answer) + "\n```"
