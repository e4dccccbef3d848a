"""The only place that picks implementations: settings in, parts of the system out."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.account import costs
from app.market_client import MarketClient
from app.prices import PriceBoard
from app.settings import Settings, SettingsError, listed
from app.times import to_ms
from broker.paper import PaperBroker
from broker.rules import SymbolRules
from broker.types import Fill, Side
from llm.models import OFFLINE_MODEL
from store import orders, profiles
from store.session import Database

if TYPE_CHECKING:
    from llm.evals.sink import EvalSink
    from llm.models import LanguageModel
    from llm.tracing import Tracer
    from market.binance import BinanceSource
    from market.types import SymbolInfo
    from market.universe import UniverseRules

log = logging.getLogger(__name__)
OFFLINE_ANALYST = "offline analyst"


@dataclass(frozen=True)
class Services:
    """What a request needs."""

    settings: Settings
    database: Database
    market: MarketClient
    prices: PriceBoard


def database_url(settings: Settings) -> str:
    """The database to use.

    Raises:
        SettingsError: none is configured; `screener up` starts the embedded one by itself.
    """
    if not settings.database_url:
        raise SettingsError("no database is configured: set DATABASE_URL, or use `screener up`, which brings its own")
    return settings.database_url


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Connections of the API, closed at the end of the block."""
    token = settings.worker_token.get_secret_value() if settings.worker_token else secrets.token_hex(16)
    market = MarketClient(settings.worker_url, token)
    try:
        async with Database(database_url(settings), application_name="screener-api", max_size=6) as database:
            if settings.loopback or settings.token is not None:
                async with database.worker() as conn:
                    await profiles.ensure_local_user(conn)
            yield Services(settings, database, market, PriceBoard(market))
    finally:
        await market.aclose()
        await flush_traces()


def writing_model(settings: Settings, name: str | None = None, database: Database | None = None) -> LanguageModel:
    """The model that writes strategies: `name`, else SCREENER_MODEL, else the offline translator.

    A `name` given here is the one asked for every operation, without fall-backs. Answers are cached, and what all
    processes spend is known, only with a `database`. Raises SettingsError where a model's settings are wrong.
    """
    if (name or model_label(settings)) == OFFLINE_MODEL:
        from llm.phrasebook import PhrasebookModel

        return _traced(PhrasebookModel())
    return _real_model(settings, name, database)


def analysing_model(
    settings: Settings, database: Database | None = None, name: str | None = None
) -> LanguageModel | None:
    """The model that analyses signals: `name`, else SCREENER_MODEL; None is the offline analyst."""
    if (name or settings.model) is None or name == OFFLINE_ANALYST:
        return None
    return _real_model(settings, name, database)


def named_models(settings: Settings, database: Database, names: Sequence[str]) -> tuple[LanguageModel, ...]:
    """Those of `names` that the settings name, too: whoever names a model does not choose what the operator pays for.
    The analysing model itself is not among them.
    """
    allowed = [name for name in dict.fromkeys(names) if name in settings.named_models and name != settings.model]
    return tuple(_real_model(settings, name, database) for name in allowed)


def _real_model(settings: Settings, name: str | None, database: Database | None) -> LanguageModel:
    from app.gateway import gateway

    return _traced(gateway(settings, name, database))


def _traced(model: LanguageModel) -> LanguageModel:
    """The model with a generation span around each call, where Langfuse is configured."""
    from llm.tracing import TracedModel

    return TracedModel(model, tracer())


@cache
def tracer() -> Tracer:
    """The process's tracer: Langfuse where its keys are set, else one that does nothing."""
    from app.gateway import read_keys
    from llm.tracing import tracer_from_environment

    read_keys()
    return tracer_from_environment()


def evaluation_sinks() -> list[EvalSink]:
    """Where evaluations are told: Langfuse where its keys are set."""
    from llm.langfuse_client import connection

    if connection() is None:
        return []
    from llm.langfuse_evals import LangfuseSink

    return [LangfuseSink()]


async def flush_traces(timeout_s: float = 2.0) -> None:
    """Send the traces that wait, before a process ends; given up after `timeout_s` seconds."""
    if tracer.cache_info().currsize and not await asyncio.to_thread(tracer().flush, timeout_s):
        log.warning("traces were not sent within %.0f s and are lost", timeout_s)


def paper_broker(settings: Settings, database: Database, infos: Mapping[str, SymbolInfo]) -> PaperBroker:
    """The paper venue, which finds earlier fills in the database, so that a restart repeats no trade."""

    async def stored(client_order_id: str) -> list[Fill]:
        async with database.worker() as conn:
            order = await orders.by_client_order_id(conn, client_order_id)
            if order is None:
                return []
            found = await orders.executions(conn, order_id=order.id)
        return [
            Fill(
                venue=e.venue,
                trade_id=e.trade_id,
                client_order_id=client_order_id,
                symbol=e.symbol,
                side=Side(e.side),
                price=e.price,
                quantity=e.quantity,
                fee=e.fee,
                fee_asset=e.fee_asset,
                trigger_price=order.trigger_price or e.price,
                time_ms=to_ms(e.executed_at),
            )
            for e in found
        ]

    def rules(symbol: str) -> SymbolRules | None:
        info = infos.get(symbol)
        return SymbolRules.of(info) if info is not None else None

    return PaperBroker(rules, costs(settings), stored)


def model_label(settings: Settings) -> str:
    """The writing model's name, as shown to people."""
    return settings.model or OFFLINE_MODEL


def market_source(settings: Settings) -> BinanceSource:
    """The exchange at the venue of the settings: the simulated one under the URLs given, or Binance."""
    from market.binance import BinanceSource

    return BinanceSource(settings.exchange_rest_url, settings.exchange_stream_url, venue=settings.venue)


def universe_rules(settings: Settings) -> UniverseRules:
    """Which symbols are screened; the demo market's number of them is its own setting."""
    from market.universe import UniverseRules

    limit = settings.universe_limit
    if limit is None and settings.market == "demo":
        limit = settings.symbols
    return UniverseRules(
        quote_assets=listed(settings.universe_quote_assets) or (settings.quote_asset,),
        include=listed(settings.universe_include),
        exclude=listed(settings.universe_exclude),
        min_quote_volume=settings.universe_min_quote_volume,
        min_age_days=settings.universe_min_age_days,
        statuses=listed(settings.universe_statuses),
        limit=limit,
        leveraged=settings.universe_leveraged,
        stable=settings.universe_stable,
    )
