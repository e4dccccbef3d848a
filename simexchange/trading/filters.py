"""A symbol's filters, as `exchangeInfo` gives them, and what fails them.

Every failure is error -1013 and names the filter; the order in which filters are tried is that of `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from simexchange.errors import ExchangeError
from simexchange.trading.ledger import ZERO
from simexchange.trading.orders import BUY, STOPS

_ONE: Final = Decimal(1)


def failure(name: str) -> ExchangeError:
    """-1013 for a filter by its name."""
    return ExchangeError(-1013, f"Filter failure: {name}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the filters look at of an order that is about to be placed; prices are 0 where it has none.

    reference: what a market order is valued at; average: the price of the last minutes; quantity 0 for a
    market order by quote quantity.
    """

    side: str
    kind: str
    quantity: Decimal
    price: Decimal
    stop: Decimal
    iceberg: Decimal | None
    trailing: int | None
    quote_quantity: Decimal
    average: Decimal


@dataclass(frozen=True, slots=True)
class Counts:
    """Open orders of the account: on the symbol and on the whole exchange; `algos` are those with a stop."""

    orders: int = 0
    algos: int = 0
    icebergs: int = 0
    lists: int = 0
    everywhere: int = 0


class Filters:
    """The filters of one symbol."""

    def __init__(self, entries: Iterable[Mapping[str, Any]], everywhere: Iterable[Mapping[str, Any]] = ()) -> None:
        self._of = {entry["filterType"]: _Filter(entry) for entry in (*entries, *everywhere)}
        self.tick = self._step("PRICE_FILTER", "tickSize")
        self.lot = self._step("LOT_SIZE", "stepSize")

    def check(self, draft: Draft, counts: Counts) -> None:
        """Raises ExchangeError -1013 with the first filter that the order fails."""
        self._prices(draft)
        self._quantities(draft)
        self._values(draft)
        self.check_counts(draft, counts)

    def check_counts(self, draft: Draft, counts: Counts) -> None:
        """Raises -1013 where the account has too many open orders for one more."""
        algo, iceberg = draft.kind in STOPS, draft.iceberg is not None
        for name, limit, count, counted in (
            ("EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders", counts.everywhere, True),
            ("MAX_NUM_ORDERS", "maxNumOrders", counts.orders, True),
            ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", counts.algos, algo),
            ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", counts.icebergs, iceberg),
        ):
            if counted and name in self._of and count >= self._of[name].number(limit):
                raise failure(name)

    def check_lists(self, counts: Counts) -> None:
        """Raises -1013 where the account has too many open order lists on the symbol for one more."""
        known = self._of.get("MAX_NUM_ORDER_LISTS")
        if known is not None and counts.lists >= known.number("maxNumOrderLists"):
            raise failure("MAX_NUM_ORDER_LISTS")

    def check_amendment(self, quantity: Decimal, amends: int) -> None:
        """Raises -1013 for a new quantity out of range or off the step, or the one amendment too many."""
        self._range("LOT_SIZE", "Qty", "stepSize", quantity)
        known = self._of.get("MAX_NUM_ORDER_AMENDS")
        if known is not None and amends >= known.number("maxNumOrderAmends"):
            raise failure("MAX_NUM_ORDER_AMENDS")

    def _prices(self, draft: Draft) -> None:
        for price in (draft.price, draft.stop):
            if price:
                self._range("PRICE_FILTER", "Price", "tickSize", price)
        if draft.price and draft.average:
            self._percent(draft)
        trailing = self._of.get("TRAILING_DELTA")
        if draft.trailing is not None and trailing is not None:
            way = "Above" if (draft.side == BUY) == (draft.kind in ("STOP_LOSS", "STOP_LOSS_LIMIT")) else "Below"
            least, most = trailing.number(f"minTrailing{way}Delta"), trailing.number(f"maxTrailing{way}Delta")
            if not least <= draft.trailing <= most:
                raise failure("TRAILING_DELTA")

    def _percent(self, draft: Draft) -> None:
        side = "bid" if draft.side == BUY else "ask"
        for name, up, down in (
            ("PERCENT_PRICE_BY_SIDE", f"{side}MultiplierUp", f"{side}MultiplierDown"),
            ("PERCENT_PRICE", "multiplierUp", "multiplierDown"),
        ):
            known = self._of.get(name)
            if known is not None:
                low, high = draft.average * known.number(down), draft.average * known.number(up)
                if not low <= draft.price <= high:
                    raise failure(name)

    def _quantities(self, draft: Draft) -> None:
        if draft.quote_quantity:
            return
        self._range("LOT_SIZE", "Qty", "stepSize", draft.quantity)
        if draft.kind == "MARKET":
            self._range("MARKET_LOT_SIZE", "Qty", "stepSize", draft.quantity)
        if draft.iceberg:
            self._range("LOT_SIZE", "Qty", "stepSize", draft.iceberg)
            parts = self._of.get("ICEBERG_PARTS")
            if parts is not None and draft.quantity > draft.iceberg * parts.number("limit"):
                raise failure("ICEBERG_PARTS")

    def _values(self, draft: Draft) -> None:
        market = not draft.price
        value = draft.quote_quantity or draft.quantity * (draft.price or draft.average)
        known = self._of.get("NOTIONAL")
        if known is not None and value:
            low = value < known.number("minNotional") and not (market and not known.flag("applyMinToMarket"))
            high = value > known.number("maxNotional") and not (market and not known.flag("applyMaxToMarket"))
            if low or high:
                raise failure("NOTIONAL")
        known = self._of.get("MIN_NOTIONAL")
        if (
            known is not None
            and value
            and value < known.number("minNotional")
            and not (market and not known.flag("applyToMarket"))
        ):
            raise failure("MIN_NOTIONAL")

    def _range(self, name: str, what: str, step: str, value: Decimal) -> None:
        known = self._of.get(name)
        if known is None:
            return
        least, most, size = known.number(f"min{what}"), known.number(f"max{what}"), known.number(step)
        # A bound or step of zero is switched off.
        if (least and value < least) or (most and value > most) or (size and (value - least) % size):
            raise failure(name)

    def _step(self, name: str, field_name: str) -> Decimal:
        known = self._of.get(name)
        return (known.number(field_name) if known else ZERO) or _ONE.scaleb(-8)


@dataclass(slots=True)
class _Filter:
    entry: Mapping[str, Any]
    numbers: dict[str, Decimal] = field(default_factory=dict)

    def number(self, name: str) -> Decimal:
        if name not in self.numbers:
            self.numbers[name] = Decimal(str(self.entry.get(name, 0)))
        return self.numbers[name]

    def flag(self, name: str) -> bool:
        return bool(self.entry.get(name, False))
