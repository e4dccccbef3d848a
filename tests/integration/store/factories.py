"""Rows for tests, valid unless told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from store.records import NewSignal, NewStrategy, Strategy
from store.trading_records import NewExecution, NewOrder, NewPosition, Order

CLOSE = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def strategy(owner_id: UUID | None = None, **changes: Any) -> NewStrategy:
    values: dict[str, Any] = {
        "code": f"t-{uuid4().hex[:12]}",
        "name": "Oversold",
        "owner_id": owner_id,
        "base_interval": "15m",
        "filter_code": "match = ta.rsi(close, 14) < 30",
        "filter_hash": "h1",
        "conditions": ["rsi(close, 14) < 30"],
        "enabled": True,
    }
    return NewStrategy(**{**values, **changes})


def signal(of: Strategy, symbol: str = "ETHUSDT", candle_close: datetime = CLOSE, **changes: Any) -> NewSignal:
    values: dict[str, Any] = {
        "strategy_id": of.id,
        "strategy_version": of.version,
        "symbol": symbol,
        "interval": of.base_interval,
        "candle_close": candle_close,
        "price": Decimal("3120.5"),
        "side": "long",
        "conditions": [{"text": "rsi(close, 14) < 30", "left": 28.4, "right": 30.0, "value": True}],
    }
    return NewSignal(**{**values, **changes})


def order(owner_id: UUID, **changes: Any) -> NewOrder:
    values: dict[str, Any] = {
        "owner_id": owner_id,
        "purpose": "entry",
        "symbol": "ETHUSDT",
        "side": "buy",
        "quantity": Decimal("2"),
        "client_order_id": f"c-{uuid4().hex}",
        "targets": [Decimal("3300.10")],
    }
    return NewOrder(**{**values, **changes})


def fill(of: Order, price: str, quantity: str, **changes: Any) -> NewExecution:
    values: dict[str, Any] = {
        "order_id": of.id,
        "venue": "paper",
        "trade_id": uuid4().hex,
        "symbol": of.symbol,
        "side": of.side,
        "price": Decimal(price),
        "quantity": Decimal(quantity),
        "fee": Decimal("0.5"),
        "executed_at": CLOSE,
    }
    return NewExecution(**{**values, **changes})


def position(owner_id: UUID, **changes: Any) -> NewPosition:
    values: dict[str, Any] = {
        "owner_id": owner_id,
        "symbol": "ETHUSDT",
        "side": "long",
        "quantity": Decimal("2"),
        "entry_price": Decimal("100"),
        "opened_at": CLOSE,
        "stop": Decimal("95"),
        "targets": [Decimal("110")],
        "fees": Decimal("0.2"),
    }
    return NewPosition(**{**values, **changes})
