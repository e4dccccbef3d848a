"""From parameters to orders: what is malformed, contradictory or off the contract's steps is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from simexchange import errors
from simexchange.futures.contracts import CONDITIONAL_TYPES, ORDER_TYPES, TIMES_IN_FORCE, Contract
from simexchange.futures.engine import Engine
from simexchange.futures.errors import refused
from simexchange.futures.market import MarketData
from simexchange.futures.orders import AlgoOrder, Order
from simexchange.futures.parameters import Parameters
from simexchange.futures.positions import BOTH, BUY, LONG, SELL, SHORT

ORDER_NAMES: Final = (
    "symbol", "side", "positionSide", "type", "timeInForce", "quantity", "reduceOnly", "price", "newClientOrderId",
    "stopPrice", "closePosition", "activationPrice", "callbackRate", "workingType", "priceProtect", "newOrderRespType",
    "priceMatch", "selfTradePreventionMode", "goodTillDate",
)  # fmt: skip
ALGO_NAMES: Final = (
    "algoType", "symbol", "side", "positionSide", "type", "timeInForce", "quantity", "price", "triggerPrice",
    "workingType", "priceMatch", "closePosition", "priceProtect", "reduceOnly", "activatePrice", "callbackRate",
    "clientAlgoId", "newOrderRespType", "selfTradePreventionMode", "goodTillDate",
)  # fmt: skip
_CLIENT_ID: Final = "^[\\.A-Z\\:/a-z0-9_-]{1,36}$"
_PREVENTIONS: Final = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
_MATCHES: Final = {
    f"{way}{suffix}": (way, level)
    for way in ("OPPONENT", "QUEUE")
    for suffix, level in (("", 1), ("_5", 5), ("_10", 10), ("_20", 20))
}
_LONGEST_ID: Final = 36
_LEAST_GOOD_MS: Final = 600_000
_LAST_GOOD_MS: Final = 253_402_300_799_000
_CALLBACKS: Final = (Decimal("0.1"), Decimal(20))


def whole(value: Decimal, decimals: int) -> int:
    """How many units of 10**-decimals. Raises -1111 where it is no whole number of them."""
    units = value.scaleb(decimals)
    if units != units.to_integral_value():
        raise refused(-1111)
    return int(units)


def lots_of(contract: Contract, quantity: Decimal, *, market: bool) -> int:
    """A quantity in lots. Raises -1111, -4003, -4005."""
    lots = whole(quantity, contract.listing.lot_decimals)
    if lots <= 0:
        raise refused(-4003)
    if lots > (contract.most_market_lots if market else contract.most_lots):
        raise refused(-4005)
    return lots


def ticks_of(contract: Contract, price: Decimal, below: int = -4001, above: int = -4002) -> int:
    """A price in ticks. Raises -1111, `below` for nothing, `above` for too much."""
    ticks = whole(price, contract.listing.price_decimals)
    if ticks <= 0:
        raise refused(below)
    if ticks > contract.most_ticks:
        raise refused(above)
    return ticks


@dataclass(frozen=True, slots=True)
class Checks:
    """Makes orders out of parameters."""

    data: MarketData
    engine: Engine

    def order(self, parameters: Parameters) -> Order:
        """A new order. Raises ExchangeError."""
        contract, side, position_side = self._whose(parameters)
        kind = parameters.choice("type", ORDER_TYPES, -1116)
        if kind in CONDITIONAL_TYPES:
            raise refused(-4120)
        parameters.choice("newOrderRespType", ("ACK", "RESULT"), -1136, "ACK")
        market = kind == "MARKET"
        reduce_only = self._reduce_only(parameters)
        if parameters.flag("closePosition"):
            raise refused(-4136, kind, "true")
        tif = "GTC"
        if market:
            for name in ("price", "timeInForce", "priceMatch"):
                if name in parameters:
                    raise refused(-1106, name.lower())
        else:
            tif = parameters.choice("timeInForce", TIMES_IN_FORCE, -1115)
        quantity = parameters.decimal("quantity")
        if quantity is None:
            raise errors.missing_parameter("quantity")
        lots = lots_of(contract, quantity, market=market)
        match, ticks = ("NONE", 0) if market else self._price(parameters, contract, side)
        return Order(
            0, contract, self._client_id(parameters, "newClientOrderId"), side, position_side, kind, tif, lots,
            self.data.now_ms(), ticks, reduce_only=reduce_only, working_type=_working_type(parameters),
            price_protect=parameters.flag("priceProtect"), price_match=match, stp=_prevention(parameters),
            good_till_ms=self._good_till(parameters, tif),
        )  # fmt: skip

    def algo(self, parameters: Parameters) -> AlgoOrder:
        """A new conditional order. Raises ExchangeError."""
        if parameters.need("algoType") != "CONDITIONAL":
            raise errors.bad_value("algoType")
        contract, side, position_side = self._whose(parameters)
        kind = parameters.choice("type", ORDER_TYPES, -1116)
        if kind not in CONDITIONAL_TYPES:
            raise refused(-1116)
        parameters.choice("newOrderRespType", ("ACK", "RESULT"), -1136, "ACK")
        market, trailing = kind.endswith("MARKET"), kind == "TRAILING_STOP_MARKET"
        close = parameters.flag("closePosition")
        reduce_only = self._reduce_only(parameters)
        quantity = parameters.decimal("quantity")
        if close and (not market or trailing):
            raise refused(-4136, kind, "true")
        if close and quantity is not None:
            raise refused(-4137)
        if close and "reduceOnly" in parameters and not reduce_only:
            raise refused(-4138)
        if quantity is None and not close:
            raise errors.missing_parameter("quantity")
        lots = 0 if quantity is None else lots_of(contract, quantity, market=market)
        match, ticks = ("NONE", 0) if market else self._price(parameters, contract, side)
        tif = parameters.choice("timeInForce", (*TIMES_IN_FORCE, "GTE_GTC"), -1115, "GTC")
        algo = AlgoOrder(
            0, contract, self._client_id(parameters, "clientAlgoId"), side, position_side, kind, tif, lots,
            self.data.now_ms(), ticks=ticks, reduce_only=reduce_only, close_position=close,
            working_type=_working_type(parameters), price_protect=parameters.flag("priceProtect"), price_match=match,
            stp=_prevention(parameters), good_till_ms=self._good_till(parameters, tif),
        )  # fmt: skip
        if trailing:
            rate = parameters.decimal("callbackRate")
            if rate is None:
                raise errors.missing_parameter("callbackRate")
            if not _CALLBACKS[0] <= rate <= _CALLBACKS[1]:
                raise errors.bad_value("callbackRate")
            algo.callback = rate / 100
            activate = parameters.decimal("activatePrice")
            algo.activate = 0 if activate is None else ticks_of(contract, activate, -4135, -4135)
        else:
            trigger = parameters.decimal("triggerPrice")
            if trigger is None:
                raise errors.missing_parameter("triggerPrice")
            algo.trigger = ticks_of(contract, trigger, -4006, -4007)
        return algo

    def amended(self, order: Order, parameters: Parameters) -> tuple[int, int]:
        """New ticks and lots of an open order. Raises ExchangeError."""
        if order.kind != "LIMIT":
            raise refused(-5025)
        if parameters.choice("side", (BUY, SELL), -1117) != order.side:
            raise refused(-1117)
        quantity, price = parameters.decimal("quantity"), parameters.decimal("price")
        if quantity is None:
            raise errors.missing_parameter("quantity")
        if price is None and "priceMatch" not in parameters:
            raise errors.missing_parameter("price")
        _, ticks = self._price(parameters, order.contract, order.side)
        return ticks, lots_of(order.contract, quantity, market=False)

    def _whose(self, parameters: Parameters) -> tuple[Contract, str, str]:
        contract = self.data.contract(parameters)
        if self.data.status(contract) != "TRADING":
            raise refused(-4141)
        side = parameters.choice("side", (BUY, SELL), -1117)
        position_side = parameters.choice("positionSide", (BOTH, LONG, SHORT), -4060, BOTH)
        if position_side not in self.engine.account.sides():
            raise refused(-4061)
        return contract, side, position_side

    def _reduce_only(self, parameters: Parameters) -> bool:
        if "reduceOnly" in parameters and self.engine.account.hedge:
            raise refused(-1106, "reduceonly")
        return parameters.flag("reduceOnly")

    def _price(self, parameters: Parameters, contract: Contract, side: str) -> tuple[str, int]:
        """How the price is matched, and the price in ticks."""
        match = parameters.text("priceMatch") or "NONE"
        price = parameters.decimal("price")
        if match == "NONE":
            if price is None:
                raise errors.missing_parameter("price")
            return match, ticks_of(contract, price)
        if match not in _MATCHES:
            raise refused(-5037)
        if price is not None:
            raise refused(-1106, "price")
        way, level = _MATCHES[match]
        book = self.engine.depth(contract, level)
        levels = book.asks if (side == BUY) == (way == "OPPONENT") else book.bids
        if not levels:
            raise refused(-2020)
        return match, levels[-1][0]

    def _client_id(self, parameters: Parameters, name: str) -> str:
        given = parameters.text(name)
        if given is None:
            return self.engine.ids.name()
        if len(given) > _LONGEST_ID:
            raise refused(-4015)
        if not re.fullmatch(_CLIENT_ID, given):
            raise errors.illegal_characters(name, _CLIENT_ID)
        return given

    def _good_till(self, parameters: Parameters, tif: str) -> int:
        good_till = parameters.whole("goodTillDate")
        if tif != "GTD":
            return 0
        if good_till is None:
            raise errors.missing_parameter("goodTillDate")
        if not self.data.now_ms() + _LEAST_GOOD_MS < good_till < _LAST_GOOD_MS:
            raise refused(-5040)
        return good_till // 1000 * 1000


def _working_type(parameters: Parameters) -> str:
    return parameters.choice("workingType", ("CONTRACT_PRICE", "MARK_PRICE"), -4031, "CONTRACT_PRICE")


def _prevention(parameters: Parameters) -> str:
    return parameters.choice("selfTradePreventionMode", _PREVENTIONS, -5039, "EXPIRE_MAKER")
