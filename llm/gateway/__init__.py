"""The way to real models: one protocol over every provider that litellm knows.

1. `litellm_model` asks one model, with retries, time limits and what it cost; `calls`, `wire`, `failures` and
   `library` are its parts.
2. `routing` picks the model of each operation and the ones that step in.
3. `budget` keeps spend caps; `cache` answers a question that was asked before.
4. `prices` knows what tokens cost.

`app.bootstrap` composes them from the settings.
"""

from llm.gateway.calls import Refusals
from llm.gateway.litellm_model import LiteLLMModel
from llm.gateway.prices import Price, Prices, parse_prices
from llm.gateway.routing import Route, RoutedModel, Routes, parse_operations

__all__ = [
    "LiteLLMModel",
    "Price",
    "Prices",
    "Refusals",
    "Route",
    "RoutedModel",
    "Routes",
    "parse_operations",
    "parse_prices",
]
