"""From the settings to the model gateway: routes, prices, spend caps and cache."""

from __future__ import annotations

from app.settings import Settings, SettingsError
from llm.gateway import LiteLLMModel, Prices, RoutedModel, Routes, parse_operations, parse_prices
from llm.models import LanguageModel
from llm.prompts import manifest
from store.session import Database


def gateway(settings: Settings, name: str | None = None, database: Database | None = None) -> LanguageModel:
    """The real models of the settings behind one protocol; `name` stands for all of them where it is given.

    Raises SettingsError where the settings name no model, an operation that is not there, or no price.
    """
    routes, prices = routes_of(settings, name), prices_of(settings)

    def make(model: str) -> LanguageModel:
        return LiteLLMModel(model, timeout_s=settings.model_timeout, prices=prices)

    return RoutedModel(routes, make)


def routes_of(settings: Settings, name: str | None = None) -> Routes:
    """Which model is asked for what. `name` is asked for everything, and nothing steps in for it."""
    standard = name or settings.model
    if standard is None:
        raise SettingsError("no model is configured: set SCREENER_MODEL")
    try:
        operations = parse_operations(settings.model_operations, manifest().keys())
    except ValueError as error:
        raise SettingsError(f"SCREENER_MODEL_OPERATIONS: {error}") from error
    routes = Routes(standard, settings.model_fast, settings.fallbacks, operations)
    return routes if name is None else routes.only(name)


def prices_of(settings: Settings) -> Prices:
    """What models cost."""
    try:
        return Prices(parse_prices(settings.model_prices))
    except ValueError as error:
        raise SettingsError(f"SCREENER_MODEL_PRICES: {error}") from error
