"""The account's settings over REST: leverage, margin type, modes, fees, income, listen keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from simexchange import errors
from simexchange.futures import events
from simexchange.futures.balances import CAN
from simexchange.futures.contracts import MAKER_FEE, TAKER_FEE, plain
from simexchange.futures.endpoints import KEY, SIGNED, Endpoint
from simexchange.futures.engine import Engine
from simexchange.futures.errors import refused
from simexchange.futures.market import MarketData
from simexchange.futures.parameters import Parameters
from simexchange.futures.positions import BOTH, LONG, SHORT, ZERO
from simexchange.futures.trade import window
from simexchange.futures.user import ListenKeys

_SUCCESS: Final = {"code": 200, "msg": "success"}


class AccountSettings:
    """Handlers over an engine's account; `now_ms` is exchange time."""

    def __init__(self, data: MarketData, engine: Engine, keys: ListenKeys, now_ms: Callable[[], int]) -> None:
        self._data = data
        self._engine = engine
        self._account = engine.account
        self._keys = keys
        self._now_ms = now_ms

    def endpoints(self) -> Sequence[Endpoint]:
        """All of them."""

        def signed(method: str, path: str, handler: Any, weight: int, *names: str) -> Endpoint:
            return Endpoint(method, f"/fapi/{path}", handler, weight, names, SIGNED)

        found = [
            signed("GET", "v1/accountConfig", self.config, 5),
            signed("GET", "v1/symbolConfig", self.symbol_config, 5, "symbol"),
            signed("POST", "v1/leverage", self.set_leverage, 1, "symbol", "leverage"),
            signed("POST", "v1/marginType", self.set_margin_type, 1, "symbol", "marginType"),
            signed("POST", "v1/positionMargin", self.set_margin, 1, "symbol", "positionSide", "amount", "type"),
            signed("GET", "v1/positionSide/dual", lambda _: {"dualSidePosition": self._account.hedge}, 30),
            signed("POST", "v1/positionSide/dual", self.set_dual, 1, "dualSidePosition"),
            signed("GET", "v1/multiAssetsMargin", lambda _: {"multiAssetsMargin": self._account.multi}, 30),
            signed("POST", "v1/multiAssetsMargin", self.set_multi, 1, "multiAssetsMargin"),
            signed("GET", "v1/leverageBracket", self.brackets, 1, "symbol"),
            signed("GET", "v1/commissionRate", self.commission, 20, "symbol"),
            signed(
                "GET", "v1/income", self.income, 30, "symbol", "incomeType", "startTime", "endTime", "limit", "page"
            ),
        ]
        path = "/fapi/v1/listenKey"
        return [
            *found,
            Endpoint("POST", path, lambda _: {"listenKey": self._keys.open()}, 1, ("listenKey",), KEY),
            Endpoint("PUT", path, lambda _: {"listenKey": self._keys.extend()}, 1, ("listenKey",), KEY),
            Endpoint("DELETE", path, self.close_key, 1, ("listenKey",), KEY),
        ]

    def close_key(self, _: Parameters) -> Any:
        """Give the listen key up."""
        self._keys.close()
        return {}

    def config(self, _: Parameters) -> Any:
        """Modes of the account."""
        account = self._account
        return CAN | {
            "dualSidePosition": account.hedge, "multiAssetsMargin": account.multi, "tradeGroupId": -1, "updateTime": 0,
        }  # fmt: skip

    def symbol_config(self, parameters: Parameters) -> Any:
        """Settings of one symbol or all."""
        contracts = [self._data.contract(parameters)] if "symbol" in parameters else self._data.contracts
        answers = []
        for contract in contracts:
            settings = self._account.settings(contract)
            answers.append(
                {
                    "symbol": contract.symbol,
                    "marginType": "ISOLATED" if settings.isolated else "CROSSED",
                    "isAutoAddMargin": False,
                    "leverage": settings.leverage,
                    "maxNotionalValue": plain(contract.most_notional(settings.leverage)),
                }
            )
        return answers

    def set_leverage(self, parameters: Parameters) -> Any:
        """Change a symbol's leverage."""
        contract, leverage = self._data.contract(parameters), parameters.whole("leverage")
        if leverage is None:
            raise errors.missing_parameter("leverage")
        if not 1 <= leverage <= contract.brackets[0].leverage:
            raise refused(-4028, leverage)
        account, settings = self._account, self._account.settings(contract)
        held = any(position.lots for position in account.of(contract))
        if settings.isolated and held and leverage < settings.leverage:
            raise refused(-4161)
        if account.exposure(contract) > contract.most_notional(leverage):
            raise refused(-2027)
        # Less leverage ties more margin up.
        more = sum(account.initial(contract)) * (Decimal(settings.leverage) / leverage - 1)
        if more > account.available(contract.asset):
            raise refused(-2028)
        settings.leverage = leverage
        self._engine.emit(events.leverage_update(contract.symbol, leverage, self._now_ms()))
        most = plain(contract.most_notional(leverage))
        return {"symbol": contract.symbol, "leverage": leverage, "maxNotionalValue": most}

    def set_margin_type(self, parameters: Parameters) -> Any:
        """Change a symbol's margin type."""
        contract = self._data.contract(parameters)
        kind = parameters.need("marginType")
        if kind not in ("ISOLATED", "CROSSED"):
            raise errors.bad_value("marginType")
        settings = self._account.settings(contract)
        if settings.isolated == (kind == "ISOLATED"):
            raise refused(-4046)
        if kind == "ISOLATED" and self._account.multi:
            raise refused(-4168)
        if any(self._engine.open_of(contract)) or any(self._engine.waiting_of(contract)):
            raise refused(-4047)
        if any(position.lots for position in self._account.of(contract)):
            raise refused(-4048)
        settings.isolated = kind == "ISOLATED"
        return _SUCCESS

    def set_margin(self, parameters: Parameters) -> Any:
        """Add margin to an isolated position (type 1), or take some from it (2)."""
        contract = self._data.contract(parameters)
        side = parameters.choice("positionSide", (BOTH, LONG, SHORT), -4060, BOTH)
        amount, kind = parameters.decimal("amount"), parameters.whole("type")
        if amount is None:
            raise errors.missing_parameter("amount")
        if kind not in (1, 2):
            raise errors.bad_value("type") if kind is not None else errors.missing_parameter("type")
        if amount <= ZERO:
            raise refused(-4055)
        if side not in self._account.sides():
            raise refused(-4061)
        account, position = self._account, self._account.position(contract, side)
        if not account.settings(contract).isolated:
            raise refused(-4049)
        if not position.lots:
            raise refused(-4054)
        mark = self._engine.mark(contract)
        if kind == 1 and amount > account.available(contract.asset):
            raise refused(-4050)
        spare = position.isolated + min(ZERO, position.unrealised(mark)) - account.initial(contract)[0]
        if kind == 2 and amount > spare:
            raise refused(-4051)
        change = amount if kind == 1 else -amount
        position.isolated += change
        self._engine.tell_account("MARGIN_TRANSFER", [position], self._now_ms())
        return {"amount": float(amount), "code": 200, "msg": "Successfully modify position margin.", "type": kind}

    def set_dual(self, parameters: Parameters) -> Any:
        """Change the position mode."""
        parameters.need("dualSidePosition")
        hedge = parameters.flag("dualSidePosition")
        if hedge == self._account.hedge:
            raise refused(-4059)
        if any(self._engine.all_open()) or any(self._engine.all_waiting()):
            raise refused(-4067)
        if any(self._account.held()):
            raise refused(-4068)
        self._account.hedge = hedge
        return _SUCCESS

    def set_multi(self, parameters: Parameters) -> Any:
        """Change the multi-assets mode, which is remembered and told; margin stays by asset."""
        parameters.need("multiAssetsMargin")
        multi = parameters.flag("multiAssetsMargin")
        if multi == self._account.multi:
            raise refused(-4171)
        if multi and any(self._account.settings(contract).isolated for contract in self._data.contracts):
            raise refused(-4167)
        if any(self._engine.all_open()):
            raise refused(-4170)
        self._account.multi = multi
        self._engine.emit(events.mode_update(multi, self._now_ms()))
        return _SUCCESS

    def brackets(self, parameters: Parameters) -> Any:
        """Leverage by notional value."""
        contracts = [self._data.contract(parameters)] if "symbol" in parameters else self._data.contracts
        return [
            {
                "symbol": contract.symbol,
                "notionalCoef": 1.0,
                "brackets": [
                    {
                        "bracket": one.number,
                        "initialLeverage": one.leverage,
                        "notionalCap": int(one.cap),
                        "notionalFloor": int(one.floor),
                        "maintMarginRatio": float(one.rate),
                        "cum": float(one.deduction),
                    }
                    for one in contract.brackets
                ],
            }
            for contract in contracts
        ]

    def commission(self, parameters: Parameters) -> Any:
        """Fees."""
        contract = self._data.contract(parameters)
        return {
            "symbol": contract.symbol,
            "makerCommissionRate": f"{MAKER_FEE:.6f}",
            "takerCommissionRate": f"{TAKER_FEE:.6f}",
            "rpiCommissionRate": f"{MAKER_FEE / 4:.6f}",
        }

    def income(self, parameters: Parameters) -> Any:
        """What changed the wallet, oldest first."""
        begin, end = window(parameters, self._now_ms())
        symbol = self._data.contract(parameters).symbol if "symbol" in parameters else None
        kind, limit, page = parameters.text("incomeType"), parameters.limit(100, 1_000), parameters.whole("page") or 1
        found = [
            one
            for one in self._account.incomes
            if begin <= one.time_ms <= end and symbol in (None, one.symbol) and kind in (None, one.kind)
        ]
        if "startTime" in parameters or "page" in parameters:
            found = found[(page - 1) * limit : page * limit]
        return [one.answer() for one in found[-limit:]]
