"""The perpetual contracts: what each may trade, and how much leverage a position of a size may have.

Every symbol of the market that is quoted in USDT or USDC has a perpetual of the same name, with the tick and lot of its
spot symbol, because both trade on the same candles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from simexchange.universe import Listing

#: The end of time, as Binance writes the delivery of a perpetual.
NEVER_MS: Final = 4_133_404_800_000
MARGIN_ASSETS: Final = ("USDT", "USDC", "BNB")
CONDITIONAL_TYPES: Final = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
ORDER_TYPES: Final = ("LIMIT", "MARKET", *CONDITIONAL_TYPES)
TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "GTX", "GTD")
MOST_ORDERS: Final = 200
MOST_ALGO_ORDERS: Final = 10
#: How far a limit price may be beyond the mark price, as a fraction: PERCENT_PRICE.
PRICE_BAND: Final = Decimal("0.05")
LIQUIDATION_FEE: Final = Decimal("0.0125")
MAKER_FEE: Final = Decimal("0.0002")
TAKER_FEE: Final = Decimal("0.0005")

_MOST_LOTS: Final = 10**8
_MOST_MARKET_LOTS: Final = 12 * 10**6
_MOST_PRICE: Final = 10**6
_LARGE: Final = ("BTC", "ETH")
#: (greatest leverage, greatest notional in quote currency, maintenance margin rate), smallest positions first.
_LARGE_TIERS: Final = (
    (125, 300_000, "0.004"), (100, 800_000, "0.005"), (75, 3_000_000, "0.0065"), (50, 12_000_000, "0.01"),
    (25, 70_000_000, "0.02"), (20, 100_000_000, "0.025"), (10, 230_000_000, "0.05"), (5, 480_000_000, "0.1"),
    (2, 800_000_000, "0.25"), (1, 1_200_000_000, "0.5"),
)  # fmt: skip
_SMALL_TIERS: Final = (
    (75, 10_000, "0.01"), (50, 50_000, "0.015"), (25, 500_000, "0.02"), (20, 1_000_000, "0.025"),
    (10, 2_000_000, "0.05"), (5, 5_000_000, "0.1"), (2, 10_000_000, "0.25"), (1, 20_000_000, "0.5"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bracket:
    """A range of notional values in quote currency: `floor` < notional <= `cap`.

    Maintenance margin inside it is notional × `rate` − `deduction`, which joins the ranges without a step.
    """

    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    rate: Decimal
    deduction: Decimal


def _brackets(tiers: Sequence[tuple[int, int, str]]) -> tuple[Bracket, ...]:
    made: list[Bracket] = []
    for number, (leverage, cap, text) in enumerate(tiers, 1):
        rate, floor, deduction = Decimal(text), Decimal(0), Decimal(0)
        if made:
            floor = made[-1].cap
            deduction = made[-1].deduction + floor * (rate - made[-1].rate)
        made.append(Bracket(number, leverage, floor, Decimal(cap), rate, deduction))
    return tuple(made)


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One perpetual; `row` is its symbol's place in the market. Prices are counted in ticks, quantities in lots."""

    listing: Listing
    row: int
    brackets: tuple[Bracket, ...]
    least_notional: int

    @property
    def symbol(self) -> str:
        """Its name, which is its pair's too."""
        return self.listing.symbol

    @property
    def asset(self) -> str:
        """What it is settled in."""
        return self.listing.quote

    @property
    def most_lots(self) -> int:
        """Of a limit order."""
        return _MOST_LOTS

    @property
    def most_market_lots(self) -> int:
        """Of a market order."""
        return _MOST_MARKET_LOTS

    @property
    def most_ticks(self) -> int:
        """The highest price."""
        return int(_MOST_PRICE * 10**self.listing.price_decimals)

    def price(self, ticks: int) -> Decimal:
        """Quote currency."""
        return Decimal(ticks).scaleb(-self.listing.price_decimals)

    def quantity(self, lots: int) -> Decimal:
        """Base currency."""
        return Decimal(lots).scaleb(-self.listing.lot_decimals)

    def value(self, tick_lots: int) -> Decimal:
        """Quote currency, of a price × quantity."""
        return Decimal(tick_lots).scaleb(-self.listing.quote_decimals)

    def bracket(self, notional: Decimal) -> Bracket:
        """The range of a position's notional value; the last one for more than there is."""
        return next((one for one in self.brackets if notional <= one.cap), self.brackets[-1])

    def most_notional(self, leverage: int) -> Decimal:
        """What a position may be worth at a leverage."""
        return next(one.cap for one in reversed(self.brackets) if one.leverage >= leverage)


def contract_of(listing: Listing, row: int) -> Contract | None:
    """The perpetual of a symbol; None where it is not quoted in a margin asset."""
    if listing.quote not in ("USDT", "USDC"):
        return None
    tiers = _LARGE_TIERS if listing.base in _LARGE else _SMALL_TIERS
    return Contract(listing, row, _brackets(tiers), {"BTC": 100, "ETH": 20}.get(listing.base, 5))


def contract_info(contract: Contract, onboard_ms: int) -> dict[str, Any]:
    """One entry of `exchangeInfo`."""
    listing = contract.listing
    tick, lot = text(1, listing.price_decimals), text(1, listing.lot_decimals)
    filters: list[dict[str, Any]] = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": str(_MOST_PRICE), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": plain(contract.quantity(_MOST_LOTS)), "stepSize": lot},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": lot,
            "maxQty": plain(contract.quantity(_MOST_MARKET_LOTS)),
            "stepSize": lot,
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": MOST_ORDERS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": MOST_ALGO_ORDERS},
        {"filterType": "MIN_NOTIONAL", "notional": str(contract.least_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": f"{1 + PRICE_BAND:.4f}",
            "multiplierDown": f"{1 - PRICE_BAND:.4f}",
            "multiplierDecimal": "4",
        },
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
    ]
    return {
        "symbol": listing.symbol,
        "pair": listing.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": NEVER_MS,
        "onboardDate": onboard_ms,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "marginAsset": listing.quote,
        "pricePrecision": listing.price_decimals,
        "quantityPrecision": listing.lot_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": f"{PRICE_BAND:.4f}",
        "liquidationFee": f"{LIQUIDATION_FEE:.6f}",
        "marketTakeBound": f"{PRICE_BAND:.2f}",
        "maxMoveOrderLimit": 10_000,
        "filters": filters,
        "orderTypes": list(ORDER_TYPES),
        "timeInForce": list(TIMES_IN_FORCE),
        "permissionSets": ["GRID", "COPY"],
    }


def text(value: int, decimals: int) -> str:
    """`value` units of 10**-decimals with that many decimals, as futures print prices and quantities."""
    if decimals <= 0:
        return str(value * 10**-decimals)
    sign, value, unit = "-" if value < 0 else "", abs(value), 10**decimals
    return f"{sign}{value // unit}.{value % unit:0{decimals}d}"


def plain(value: Decimal) -> str:
    """Without an exponent and trailing zeros."""
    return f"{value.normalize():f}"
