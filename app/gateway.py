"""From the settings to the model gateway: routes, prices, spend caps and cache."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable
from functools import cache

from dotenv import load_dotenv

from app.settings import Settings, SettingsError
from app.spending import DatabaseLedger, real_now
from llm.gateway import LiteLLMModel, Prices, RoutedModel, Routes, parse_operations, parse_prices
from llm.gateway.budget import BudgetedModel, Caps, MemoryLedger
from llm.gateway.cache import CachedModel, KeptAnswer
from llm.models import LanguageModel
from llm.prompts import manifest
from store import model_cache
from store.errors import StoreError
from store.session import Database

log = logging.getLogger(__name__)


def gateway(settings: Settings, name: str | None = None, database: Database | None = None) -> LanguageModel:
    """The real models of the settings behind one protocol; `name` stands for all of them where it is given.

    Without a database nothing is cached, and spend caps hold within the process. Raises SettingsError where the
    settings name no model, an operation that is not there, or no price.
    """
    read_keys()
    routes, prices, caps = routes_of(settings, name), prices_of(settings), caps_of(settings)

    def make(model: str) -> LanguageModel:
        return LiteLLMModel(model, timeout_s=settings.model_timeout, prices=prices)

    ledger = memory_ledger(caps) if database is None else DatabaseLedger(database, caps)
    model: LanguageModel = BudgetedModel(RoutedModel(routes, make), ledger, caps, routes, prices)
    if database is not None and settings.model_cache_hours > 0:
        model = CachedModel(model, DatabaseAnswers(database, dt.timedelta(hours=settings.model_cache_hours)), routes)
    return model


def read_keys() -> None:
    """Providers' keys and addresses may stand in `.env` beside the settings; what the environment says goes before."""
    load_dotenv(".env")


@cache
def memory_ledger(caps: Caps) -> MemoryLedger:
    """The process's own record of what was spent."""
    return MemoryLedger(caps)


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
    return routes.only(name) if name else routes


def prices_of(settings: Settings) -> Prices:
    """What models cost, by the operator's word."""
    try:
        return Prices(parse_prices(settings.model_prices))
    except ValueError as error:
        raise SettingsError(f"SCREENER_MODEL_PRICES: {error}") from error


def caps_of(settings: Settings) -> Caps:
    """The spend caps in force."""
    return Caps(settings.spend_per_user_day, settings.spend_per_strategy_day, settings.spend_per_day)


class DatabaseAnswers:
    """An `AnswerCache` in the database. `lasts` is how long an answer is given again."""

    def __init__(self, database: Database, lasts: dt.timedelta, now: Callable[[], dt.datetime] = real_now) -> None:
        self._database = database
        self._lasts = lasts
        self._now = now

    async def get(self, key: str) -> KeptAnswer | None:
        """The answer kept; None too where the database is away."""
        try:
            async with self._database.worker() as conn:
                row = await model_cache.get(conn, key, self._now())
        except StoreError as error:
            log.warning("kept answers cannot be read: %s", error)
            return None
        return None if row is None else KeptAnswer(json.loads(row.answer), row.model)

    async def put(self, key: str, answer: KeptAnswer) -> None:
        """Keep it; where the database is away it is asked for again."""
        now = self._now()
        # As JSON: Postgres takes neither NUL nor half a surrogate pair, and models write both.
        row = model_cache.ModelAnswerRow(answer=json.dumps(answer.text), model=answer.model)
        try:
            async with self._database.worker() as conn:
                await model_cache.put(conn, key, row, now=now, expires=now + self._lasts)
        except StoreError as error:
            log.warning("an answer was not kept: %s", error)
