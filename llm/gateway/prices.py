"""What models cost, in US dollars: by the operator's list, by nothing for Ollama, else by litellm's table."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llm.gateway.library import load_litellm

MILLION = 1_000_000
_ROW = re.compile(r"^([^=\s]+)\s*=\s*([\d.]+)\s*/\s*([\d.]+)$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens read and a million written."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """The price of a call in US dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / MILLION


def parse_prices(text: str) -> dict[str, Price]:
    """Prices by model from "ollama/llama3=0/0, openai/local=0.2/0.8" (dollars per million tokens in / out).

    Raises ValueError naming the part that cannot be read.
    """
    found: dict[str, Price] = {}
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        row = _ROW.match(part)
        numbers = [float(row[2]), float(row[3])] if row and all(map(_number, (row[2], row[3]))) else []
        if row is None or not numbers:
            raise ValueError(f"'{part}' is not a price: write model=in/out, such as openai/local=0.2/0.8")
        found[row[1]] = Price(*numbers)
    return found


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@dataclass(frozen=True)
class Prices:
    """The prices in force. `own` are the operator's, which go before all others."""

    own: Mapping[str, Price] = field(default_factory=dict)

    def estimate(self, name: str, input_tokens: int, output_tokens: int) -> float | None:
        """US dollars for a call of so many tokens; None where no price is known. Loads litellm where it must."""
        price = self.own.get(name)
        if price is not None:
            return price.of(input_tokens, output_tokens)
        if local(name):
            return 0.0
        litellm = load_litellm()
        try:
            parts = litellm.cost_per_token(model=name, prompt_tokens=input_tokens, completion_tokens=output_tokens)
        except _unknown(litellm):
            return None
        return float(sum(parts))


def local(name: str) -> bool:
    """Whether the model runs on a machine of one's own, where calls cost nothing: Ollama's."""
    return name.startswith(("ollama/", "ollama_chat/"))


def _unknown(litellm: Any) -> tuple[type[Exception], ...]:
    """What litellm raises where it knows no price."""
    openai = importlib.import_module("openai")
    return (litellm.exceptions.ModelNotMappedError, openai.OpenAIError, ValueError, KeyError, TypeError)
