"""Balances and positions over REST."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from simexchange.futures import events
from simexchange.futures.contracts import Contract, plain, text
from simexchange.futures.endpoints import SIGNED, Endpoint
from simexchange.futures.engine import Engine
from simexchange.futures.market import MarketData
from simexchange.futures.orders import plain8
from simexchange.futures.parameters import Parameters
from simexchange.futures.positions import ZERO, Position

CAN: Final = {"feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True}
_ALIAS: Final = "SgsR"


class Balances:
    """Handlers over an engine's account."""

    def __init__(self, data: MarketData, engine: Engine) -> None:
        self._data = data
        self._engine = engine
        self._account = engine.account

    def endpoints(self) -> Sequence[Endpoint]:
        """All of them."""
        found = (
            ("v2/account", self.account_v2),
            ("v3/account", self.account_v3),
            ("v2/balance", self.balance),
            ("v3/balance", self.balance),
        )
        risks = (("v2/positionRisk", self.risk_v2), ("v3/positionRisk", self.risk_v3))
        return [
            *(Endpoint("GET", f"/fapi/{path}", handler, 5, (), SIGNED) for path, handler in found),
            *(Endpoint("GET", f"/fapi/{path}", handler, 5, ("symbol",), SIGNED) for path, handler in risks),
        ]

    def balance(self, _: Parameters) -> Any:
        """Balances by asset."""
        account = self._account
        return [
            {
                "accountAlias": _ALIAS,
                "asset": asset,
                "balance": plain8(account.balance(asset)),
                "crossWalletBalance": plain8(account.cross(asset)),
                "crossUnPnl": plain8(account.unrealised(asset, cross_only=True)),
                "availableBalance": plain8(account.available(asset)),
                "maxWithdrawAmount": plain8(self._withdrawable(asset)),
                "marginAvailable": True,
                "updateTime": account.updated_ms,
            }
            for asset in account.assets()
        ]

    def account_v3(self, _: Parameters) -> Any:
        """Margin, balances, and the positions that are held or ordered."""
        return self._account_body(self._in_play(), self._position_v3, more=False)

    def account_v2(self, _: Parameters) -> Any:
        """The same with the positions of all symbols, in the mode's position sides."""
        account = self._account
        body = self._account_body(self._data.contracts, self._position_v2, more=True)
        head = {**CAN, "feeBurn": True, "tradeGroupId": -1, "updateTime": 0, "multiAssetsMargin": account.multi}
        return head | body

    def _account_body(
        self, contracts: Sequence[Contract], shape: Callable[[Position], dict[str, Any]], *, more: bool
    ) -> dict[str, Any]:
        account = self._account
        sums = dict.fromkeys(
            (
                "InitialMargin", "MaintMargin", "WalletBalance", "UnrealizedProfit", "MarginBalance",
                "PositionInitialMargin", "OpenOrderInitialMargin", "CrossWalletBalance", "CrossUnPnl",
            ),
            ZERO,
        )  # fmt: skip
        assets = []
        for asset in account.assets():
            figures = self._figures(asset)
            for name, figure in figures.items():
                # What other assets are worth in dollars matters in multi-assets mode only; two of them are dollars.
                if asset in ("USDT", "USDC"):
                    sums[name] += figure
            entry: dict[str, Any] = {"asset": asset} | {
                name[0].lower() + name[1:]: plain8(figure) for name, figure in figures.items()
            }
            entry["availableBalance"] = plain8(account.available(asset))
            entry["maxWithdrawAmount"] = plain8(self._withdrawable(asset))
            if more:
                entry["marginAvailable"] = True
            entry["updateTime"] = account.updated_ms
            assets.append(entry)
        return {
            **{f"total{name}": plain8(figure) for name, figure in sums.items()},
            "availableBalance": plain8(account.available("USDT")),
            "maxWithdrawAmount": plain8(self._withdrawable("USDT")),
            "assets": assets,
            "positions": [
                shape(account.position(contract, side)) for contract in contracts for side in account.sides()
            ],
        }

    def _figures(self, asset: str) -> dict[str, Decimal]:
        account = self._account
        held = ordered = maintenance = ZERO
        for contract in self._in_play():
            if contract.asset == asset:
                position, orders = account.initial(contract)
                held, ordered = held + position, ordered + orders
                maintenance += sum((one.maintenance(self._engine.mark(contract)) for one in account.of(contract)), ZERO)
        wallet, profit = account.balance(asset), account.unrealised(asset)
        return {
            "InitialMargin": held + ordered,
            "MaintMargin": maintenance,
            "WalletBalance": wallet,
            "UnrealizedProfit": profit,
            "MarginBalance": wallet + profit,
            "PositionInitialMargin": held,
            "OpenOrderInitialMargin": ordered,
            "CrossWalletBalance": account.cross(asset),
            "CrossUnPnl": account.unrealised(asset, cross_only=True),
        }

    def _withdrawable(self, asset: str) -> Decimal:
        """Available, without profit that is not realised yet."""
        account = self._account
        profit = max(ZERO, account.unrealised(asset, cross_only=True))
        return max(ZERO, min(account.available(asset) - profit, account.cross(asset)))

    def _in_play(self) -> list[Contract]:
        engine = self._engine
        found = {position.contract.symbol: position.contract for position in engine.account.held()}
        found |= {order.contract.symbol: order.contract for order in engine.all_open()}
        return list(found.values())

    def _figures_of(self, position: Position) -> dict[str, Any]:
        """What all answers about a position have."""
        contract = position.contract
        mark = self._engine.mark(contract)
        held, ordered = self._account.initial(contract)
        isolated = self._account.settings(contract).isolated
        profit = position.unrealised(mark)
        return {
            "symbol": contract.symbol,
            "positionSide": position.side,
            "positionAmt": text(position.lots, contract.listing.lot_decimals),
            "profit": plain8(profit),
            "isolatedMargin": plain8(position.isolated + profit if isolated and position.lots else ZERO),
            "notional": plain8(position.notional(mark)),
            "isolatedWallet": plain8(position.isolated),
            "initialMargin": plain8(held + ordered),
            "maintMargin": plain8(position.maintenance(mark)),
            "positionInitialMargin": plain8(held),
            "openOrderInitialMargin": plain8(ordered),
            "entryPrice": plain(round(position.entry, 10)),
            "breakEvenPrice": plain(round(position.entry, 10)),
            "markPrice": f"{contract.price(mark):.8f}",
            "liquidationPrice": plain(round(self._account.liquidation_price(position), 8)),
        }

    def _position_v3(self, position: Position) -> dict[str, Any]:
        figures = self._figures_of(position)
        names = ("isolatedMargin", "notional", "isolatedWallet", "initialMargin", "maintMargin")
        return {
            **{name: figures[name] for name in ("symbol", "positionSide", "positionAmt")},
            "unrealizedProfit": figures["profit"],
            **{name: figures[name] for name in names},
            "updateTime": position.updated_ms,
        }

    def _position_v2(self, position: Position) -> dict[str, Any]:
        contract = position.contract
        figures, settings = self._figures_of(position), self._account.settings(contract)
        names = ("positionInitialMargin", "openOrderInitialMargin", "entryPrice", "breakEvenPrice", "isolatedWallet")
        bids, asks = events.worth(self._engine.open_of(contract))
        return self._position_v3(position) | {
            **{name: figures[name] for name in names},
            "leverage": str(settings.leverage),
            "isolated": settings.isolated,
            "maxNotional": plain(contract.most_notional(settings.leverage)),
            "bidNotional": plain(bids),
            "askNotional": plain(asks),
        }

    def risk_v3(self, parameters: Parameters) -> Any:
        """Positions that are held or ordered."""
        contracts = [self._data.contract(parameters)] if "symbol" in parameters else self._in_play()
        kept = set(self._in_play())
        answers = []
        for position in self._positions(contracts):
            if position.contract not in kept or (self._account.hedge and not self._touched(position)):
                continue
            figures = self._figures_of(position)
            bids, asks = events.worth(self._engine.open_of(position.contract))
            profit = figures.pop("profit")
            answers.append(
                {
                    **figures,
                    "unRealizedProfit": profit,
                    "marginAsset": position.contract.asset,
                    "adl": 0,
                    "bidNotional": plain(bids),
                    "askNotional": plain(asks),
                    "updateTime": position.updated_ms,
                }
            )
        return answers

    def risk_v2(self, parameters: Parameters) -> Any:
        """Positions of one symbol or all, empty ones too."""
        contracts = [self._data.contract(parameters)] if "symbol" in parameters else self._data.contracts
        names = (
            "symbol", "positionAmt", "entryPrice", "breakEvenPrice", "markPrice", "liquidationPrice", "notional",
            "isolatedMargin", "isolatedWallet", "positionSide",
        )  # fmt: skip
        answers = []
        for position in self._positions(contracts):
            figures, settings = self._figures_of(position), self._account.settings(position.contract)
            answers.append(
                {name: figures[name] for name in names}
                | {
                    "unRealizedProfit": figures["profit"],
                    "leverage": str(settings.leverage),
                    "maxNotionalValue": plain(position.contract.most_notional(settings.leverage)),
                    "marginType": "isolated" if settings.isolated else "cross",
                    "isAutoAddMargin": "false",
                    "updateTime": position.updated_ms,
                }
            )
        return answers

    def _positions(self, contracts: Sequence[Contract]) -> list[Position]:
        return [self._account.position(one, side) for one in contracts for side in self._account.sides()]

    def _touched(self, position: Position) -> bool:
        orders = self._engine.open_of(position.contract)
        return bool(position.lots) or any(order.position_side == position.side for order in orders)
