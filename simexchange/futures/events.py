"""User data events of USD-M futures in their documented shapes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from simexchange.futures.account import FuturesAccount
from simexchange.futures.contracts import plain, text
from simexchange.futures.orders import NO_REASON, AlgoOrder, Order, Trade, plain8
from simexchange.futures.positions import BUY, ZERO, Position


def order_update(
    order: Order,
    execution: str,
    now_ms: int,
    working: tuple[Decimal, Decimal],
    trade: Trade | None = None,
    reason: str = NO_REASON,
) -> dict[str, Any]:
    """ORDER_TRADE_UPDATE; `working` is what the contract's open buys and sells are worth."""  # fmt: skip
    listing = order.contract.listing
    price, lot = listing.price_decimals, listing.lot_decimals
    body: dict[str, Any] = {
        "s": order.contract.symbol,
        "c": order.client_id,
        "S": order.side,
        "o": order.kind,
        "f": order.tif,
        "q": text(order.lots, lot),
        "p": text(order.ticks, price),
        "ap": order.average,
        "sp": text(0, price),
        "x": execution,
        "X": order.status,
        "i": order.id,
        "l": text(trade.lots if trade else 0, lot),
        "z": text(order.executed, lot),
        "L": text(trade.ticks if trade else 0, price),
        "n": plain8(trade.commission if trade else ZERO),
        "N": order.contract.asset,
        "T": now_ms,
        "t": trade.id if trade else 0,
        "b": plain(working[0]),
        "a": plain(working[1]),
        "m": trade.maker if trade else False,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.kind,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": plain8(trade.profit if trade else ZERO),
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.stp,
        "pm": order.price_match,
        "gtd": order.good_till_ms,
        "er": reason,
    }
    return {"e": "ORDER_TRADE_UPDATE", "T": now_ms, "E": now_ms, "o": body}


def trade_lite(trade: Trade, now_ms: int) -> dict[str, Any]:
    """TRADE_LITE: a fill in short."""
    order, listing = trade.order, trade.order.contract.listing
    return {
        "e": "TRADE_LITE",
        "E": now_ms,
        "T": now_ms,
        "s": order.contract.symbol,
        "q": text(order.lots, listing.lot_decimals),
        "p": text(order.ticks, listing.price_decimals),
        "m": trade.maker,
        "c": order.client_id,
        "S": order.side,
        "L": text(trade.ticks, listing.price_decimals),
        "l": text(trade.lots, listing.lot_decimals),
        "t": trade.id,
        "i": order.id,
    }


def account_update(
    account: FuturesAccount,
    reason: str,
    now_ms: int,
    changes: dict[str, Decimal],
    positions: Iterable[Position],
    marks: dict[str, int],
) -> dict[str, Any]:
    """ACCOUNT_UPDATE: `changes` are amounts by asset that came from neither profit nor fees."""  # fmt: skip
    return {
        "e": "ACCOUNT_UPDATE",
        "T": now_ms,
        "E": now_ms,
        "a": {
            "m": reason,
            "B": [
                {
                    "a": asset,
                    "wb": plain8(account.balance(asset)),
                    "cw": plain8(account.cross(asset)),
                    "bc": plain8(amount),
                }
                for asset, amount in changes.items()
            ],
            "P": [
                {
                    "s": position.contract.symbol,
                    "pa": text(position.lots, position.contract.listing.lot_decimals),
                    "ep": plain(round(position.entry, 10)),
                    "bep": plain(round(position.entry, 10)),
                    "cr": plain8(position.realised),
                    "up": plain8(position.unrealised(marks[position.contract.symbol])),
                    "mt": "isolated" if account.settings(position.contract).isolated else "cross",
                    "iw": plain8(position.isolated),
                    "ps": position.side,
                    "ma": position.contract.asset,
                }
                for position in positions
            ],
        },
    }


def leverage_update(symbol: str, leverage: int, now_ms: int) -> dict[str, Any]:
    """ACCOUNT_CONFIG_UPDATE of a symbol's leverage."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms, "ac": {"s": symbol, "l": leverage}}


def mode_update(multi: bool, now_ms: int) -> dict[str, Any]:
    """ACCOUNT_CONFIG_UPDATE of the multi-assets mode."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms, "ai": {"j": multi}}


def algo_update(algo: AlgoOrder, now_ms: int) -> dict[str, Any]:
    """ALGO_UPDATE."""
    listing, order = algo.contract.listing, algo.order
    price, lot = listing.price_decimals, listing.lot_decimals
    body: dict[str, Any] = {
        "caid": algo.client_id,
        "aid": algo.id,
        "at": "CONDITIONAL",
        "o": algo.kind,
        "s": algo.contract.symbol,
        "S": algo.side,
        "ps": algo.position_side,
        "f": algo.tif,
        "q": text(algo.lots, lot),
        "X": algo.status,
        "ai": str(order.id) if order else "",
        "ap": order.average if order else text(0, 5),
        "aq": text(order.executed if order else 0, lot),
        "act": order.kind if order else "0",
        "tp": text(algo.trigger, price),
        "p": text(algo.ticks, price),
        "V": algo.stp,
        "wt": algo.working_type,
        "pm": algo.price_match,
        "cp": algo.close_position,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": algo.good_till_ms,
        "rm": algo.reason,
    }
    if algo.trailing:
        body |= {"AP": text(algo.activate, price), "cr": plain(algo.callback * 100)}
    return {"e": "ALGO_UPDATE", "T": now_ms, "E": now_ms, "o": body}


def margin_call(account: FuturesAccount, positions: Iterable[Position], marks: dict[str, int], now_ms: int) -> Any:
    """MARGIN_CALL."""
    listed = list(positions)
    cross = sum((account.cross(asset) for asset in {one.contract.asset for one in listed}), ZERO)
    return {
        "e": "MARGIN_CALL",
        "E": now_ms,
        "cw": plain8(cross),
        "p": [
            {
                "s": one.contract.symbol,
                "ps": one.side,
                "pa": text(one.lots, one.contract.listing.lot_decimals),
                "mt": "ISOLATED" if account.settings(one.contract).isolated else "CROSSED",
                "iw": plain8(one.isolated),
                "mp": f"{one.contract.price(marks[one.contract.symbol]):.8f}",
                "up": plain8(one.unrealised(marks[one.contract.symbol])),
                "mm": plain8(one.maintenance(marks[one.contract.symbol])),
            }
            for one in listed
        ],
    }


def expired(key: str, now_ms: int) -> dict[str, Any]:
    """listenKeyExpired."""
    return {"e": "listenKeyExpired", "E": now_ms, "listenKey": key}


def worth(orders: Iterable[Order]) -> tuple[Decimal, Decimal]:
    """What open buys and sells of a contract are worth."""
    bought = sold = ZERO
    for order in orders:
        value = order.contract.value(order.left * order.ticks)
        bought, sold = (bought + value, sold) if order.side == BUY else (bought, sold + value)
    return bought, sold
