"""Orders out of request parameters, in the order in which Binance finds fault with them.

1. `Fields` reads parameters by the names of a single order, whatever an order list calls them (abovePrice, ...).
2. `read_order` checks enumerations, numbers, and what each type needs and refuses.
3. The filters come after that (`trading/filters.py`), then balances and the book
   (`engine.check`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from simexchange import errors
from simexchange.errors import ExchangeError
from simexchange.trading.ids import CLIENT_ID, Ids
from simexchange.trading.ledger import ZERO
from simexchange.trading.orders import BUY, PRICED, SELL, STOPS, TYPES, Order

#: Parameters of one order, apart from its symbol.
ORDER_NAMES: Final = (
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "newClientOrderId",
    "strategyId",
    "strategyType",
    "stopPrice",
    "trailingDelta",
    "icebergQty",
    "selfTradePreventionMode",
)
_DECIMAL: Final = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
_LONG: Final = "^[0-9]{1,19}$"
_CLIENT_ID: Final = "^[a-zA-Z0-9-_.:/]{1,36}$"
_DECIMALS: Final = 8
_STP: Final = ("EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
_LEAST_STRATEGY: Final = 1_000_000


class Fields:
    """Parameters of one order; `labels` are the names they were sent under, where those differ."""

    def __init__(self, sent: Mapping[str, str], labels: Mapping[str, str] | None = None) -> None:
        self._sent = sent
        self._labels = labels

    def label(self, name: str) -> str | None:
        """What a parameter is called in the request; None where the request cannot have it."""
        return name if self._labels is None else self._labels.get(name)

    def get(self, name: str) -> str | None:
        """A parameter's text; None where it was not sent. Raises -1105 where it is empty."""
        label = self.label(name)
        value = None if label is None else self._sent.get(label)
        if value == "":
            raise ExchangeError(-1105, f"Parameter '{label}' was empty.")
        return value

    def need(self, name: str) -> str:
        """A parameter's text. Raises -1102 where it was not sent or is empty."""
        label = self.label(name) or name
        value = self._sent.get(label)
        if not value:
            raise errors.missing_parameter(label)
        return value

    def refuse(self, *names: str) -> None:
        """Raises -1106 for a parameter that was sent and has no use."""
        for name in names:
            if self.get(name) is not None:
                raise ExchangeError(-1106, f"Parameter '{self.label(name)}' sent when not required.")

    def decimal(self, name: str) -> Decimal | None:
        """A number. Raises -1100, and -1111 for more than eight decimals."""
        value = self.get(name)
        if value is None:
            return None
        if not re.fullmatch(_DECIMAL, value, re.ASCII):
            raise errors.illegal_characters(self.label(name) or name, _DECIMAL)
        if len(value.partition(".")[2]) > _DECIMALS:
            raise ExchangeError(-1111, f"Parameter '{self.label(name)}' has too much precision.")
        return Decimal(value)

    def long(self, name: str) -> int | None:
        """A whole number. Raises -1100."""
        value = self.get(name)
        if value is None:
            return None
        if not re.fullmatch(_LONG, value, re.ASCII):
            raise errors.illegal_characters(self.label(name) or name, _LONG)
        return int(value)

    def client_id(self, name: str) -> str | None:
        """A client order id. Raises -1100."""
        value = self.get(name)
        if value is not None and not CLIENT_ID.fullmatch(value):
            raise errors.illegal_characters(self.label(name) or name, _CLIENT_ID)
        return value


def prefixed(sent: Mapping[str, str], prefix: str, shared: Mapping[str, str]) -> Fields:
    """The order that an order list's parameters describe under a prefix (above, working, pendingBelow, ...).

    `shared` gives the names that have no prefix, such as the side and quantity of an OCO.
    """
    labels = {
        name: prefix + name[0].upper() + name[1:]
        for name in ORDER_NAMES
        if name not in ("newClientOrderId", "quoteOrderQty", "selfTradePreventionMode")
    }
    labels |= {
        "newClientOrderId": f"{prefix}ClientOrderId",
        "selfTradePreventionMode": "selfTradePreventionMode",
        **shared,
    }
    return Fields(sent, labels)


def read_order(fields: Fields, row: int, ids: Ids, now_ms: int) -> Order:
    """An order that is right in itself. Raises ExchangeError: -1102, -1105, -1106, -1100, -1111, -1115 to -1117,
    -1013, -1014, -1134.
    """
    side, kind = fields.need("side"), fields.need("type")
    if side not in (BUY, SELL):
        raise ExchangeError(-1117, "Invalid side.")
    if kind not in TYPES:
        raise ExchangeError(-1116, "Invalid orderType.")
    tif = fields.get("timeInForce")
    if tif is not None and tif not in ("GTC", "IOC", "FOK"):
        raise ExchangeError(-1115, "Invalid timeInForce.")
    quantity, quote = fields.decimal("quantity"), fields.decimal("quoteOrderQty")
    price, stop = fields.decimal("price"), fields.decimal("stopPrice")
    iceberg, trailing = fields.decimal("icebergQty"), fields.long("trailingDelta")
    _needed(fields, kind)
    _positive(price, "price")
    _positive(quantity, "quantity")
    _positive(quote, "quantity")
    _positive(stop, "stop price")
    if iceberg is not None and (tif or "GTC") != "GTC":
        raise ExchangeError(-1014, "Unsupported order combination.")
    if iceberg is not None and quantity is not None and iceberg > quantity:
        raise ExchangeError(-2010, "IcebergQty exceeds QTY.")
    strategy_type = fields.long("strategyType")
    if strategy_type is not None and strategy_type < _LEAST_STRATEGY:
        raise ExchangeError(-1134, "`strategyType` was less than 1000000.")
    stp = fields.get("selfTradePreventionMode") or "EXPIRE_MAKER"
    if stp not in _STP:
        raise errors.bad_value("selfTradePreventionMode")
    return Order(
        id=0,
        row=row,
        client_id=fields.client_id("newClientOrderId") or ids.name(),
        side=side,
        kind=kind,
        tif=tif or "GTC",
        quantity=quantity or ZERO,
        time_ms=now_ms,
        price=price or ZERO,
        stop=stop or ZERO,
        quote_quantity=quote or ZERO,
        iceberg=iceberg or None,
        trailing=trailing,
        stp=stp,
        strategy_id=fields.long("strategyId"),
        strategy_type=strategy_type,
        updated_ms=now_ms,
    )


def _needed(fields: Fields, kind: str) -> None:
    """What a type needs and what it has no use for."""
    if kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
        fields.need("timeInForce")
    else:
        fields.refuse("timeInForce")
    if kind == "MARKET" and fields.get("quantity") is None:
        if fields.get("quoteOrderQty") is None:
            raise errors.missing_parameter(fields.label("quantity") or "quantity")
    else:
        fields.need("quantity")
        fields.refuse("quoteOrderQty")
    if kind in PRICED:
        fields.need("price")
    else:
        fields.refuse("price", "icebergQty")
    if kind in STOPS:
        if fields.get("stopPrice") is None and fields.get("trailingDelta") is None:
            raise ExchangeError(
                -1102,
                f"Param '{fields.label('stopPrice')}' or '{fields.label('trailingDelta')}' must be sent, "
                "but both were empty/null!",
            )
    else:
        fields.refuse("stopPrice", "trailingDelta")


def _positive(number: Decimal | None, name: str) -> None:
    if number is not None and number <= ZERO:
        raise ExchangeError(-1013, f"Invalid {name}.")
