"""Which symbols are chosen, and why the others are not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.bootstrap import universe_rules
from app.settings import Settings
from market.types import SymbolInfo
from market.universe import DAY_MS, UniverseRules, choose, is_leveraged, read_universe
from tests.unit.market.market_fake import T0, FakeSource, ManualClock

CENT = Decimal("0.01")


def info(base: str, quote: str = "USDT", **changes: Any) -> SymbolInfo:
    made = SymbolInfo(base + quote, base, quote, "TRADING", CENT, CENT, CENT, Decimal(5))
    return replace(made, **changes)


LISTED = [
    info("BTC", quote_volume_24h=9e8),
    info("ETH", quote_volume_24h=5e8),
    info("ETH", "BTC", quote_volume_24h=3e3),
    info("LUNA", status="BREAK"),
    info("ODD", status="SOMETHING_NEW"),
    info("NOTICK", tick_size=Decimal(0)),
    info("NOSTEP", step_size=Decimal(0)),
    info("BTCUP"),
    info("JUP", quote_volume_24h=1e6),
    info("USDC", quote_volume_24h=1e9),
    info("THIN", quote_volume_24h=10.0),
    info("DARK"),
    info("NEW", quote_volume_24h=2e6, listed_ms=T0 - 3 * DAY_MS),
    info("BTC", "USDT_260327", contract="CURRENT_QUARTER", quote_asset="USDT"),
    info("SOL", contract="PERPETUAL", listed_ms=T0 - 900 * DAY_MS, quote_volume_24h=4e8),
]


def test_every_symbol_is_chosen_or_has_its_reason() -> None:
    found = choose(LISTED, UniverseRules(min_quote_volume=1000, min_age_days=30), T0, {"€": "no base asset"})
    assert found.symbols == ("BTCUSDT", "ETHUSDT", "JUPUSDT", "SOLUSDT")
    assert found.rejected == {
        "€": "its entry cannot be read",
        "ETHBTC": "not quoted in USDT",
        "LUNAUSDT": "status BREAK",
        "ODDUSDT": "status SOMETHING_NEW",
        "NOTICKUSDT": "no tick or step size",
        "NOSTEPUSDT": "no tick or step size",
        "BTCUPUSDT": "a leveraged token",
        "USDCUSDT": "money or a coin pegged to it",
        "THINUSDT": "less than 1000 traded in 24 hours",
        "DARKUSDT": "its volume is not known",
        "NEWUSDT": "listed less than 30 days ago",
        "BTCUSDT_260327": "contract CURRENT_QUARTER",
    }
    assert len(found.symbols) + len(found.rejected) == len(LISTED) + 1
    report = found.report()
    assert (report["symbols"], report["rejected"]) == (4, 12)
    assert report["reasons"]["no tick or step size"] == {"count": 2, "first": ["NOTICKUSDT", "NOSTEPUSDT"]}


def test_what_is_included_need_only_trade_and_what_is_excluded_never_comes() -> None:
    names = ("ETHBTC", "BTCUPUSDT", "THINUSDT", "LUNAUSDT", "NOTICKUSDT", "GONEUSDT", "ETHUSDT")
    rules = UniverseRules(include=names, exclude=("ETH*",), min_quote_volume=1e8)
    found = choose(LISTED, rules, T0)
    assert found.symbols == ("BTCUSDT", "BTCUPUSDT", "THINUSDT", "SOLUSDT")
    assert found.rejected["ETHUSDT"] == found.rejected["ETHBTC"] == "excluded by the settings"
    assert found.rejected["LUNAUSDT"] == "status BREAK"
    assert found.rejected["NOTICKUSDT"] == "no tick or step size"
    assert found.rejected["GONEUSDT"] == "included, but the exchange does not list it"


def test_a_limit_keeps_the_included_then_the_most_traded() -> None:
    found = choose(LISTED, UniverseRules(include=("JUPUSDT",), limit=3), T0)
    assert found.symbols == ("JUPUSDT", "BTCUSDT", "ETHUSDT")
    assert found.rejected["SOLUSDT"] == "not among the 3 most traded"
    only = choose(LISTED, UniverseRules(include=("JUPUSDT", "ETHUSDT"), limit=0), T0)
    assert set(only.symbols) == {"JUPUSDT", "ETHUSDT"}
    assert only.rejected["BTCUSDT"] == "not among those included"


def test_other_statuses_quotes_and_kinds_by_rule() -> None:
    rules = UniverseRules(
        quote_assets=("USDT", "BTC"), statuses=("TRADING", "BREAK"), contracts=(), leveraged=True, stable=True
    )
    found = set(choose(LISTED, rules, T0).symbols)
    assert {"ETHBTC", "LUNAUSDT", "BTCUPUSDT", "USDCUSDT"} <= found
    assert "SOLUSDT" not in found


@pytest.mark.parametrize(
    ("base", "leveraged"),
    [
        ("BTCUP", True),
        ("BTCDOWN", True),
        ("ETHBEAR", True),
        ("JUP", False),
        ("SYRUP", False),
        ("UP", False),
        ("BTC", False),
    ],
)
def test_a_leveraged_token_has_its_asset_beside_it(base: str, leveraged: bool) -> None:
    assert is_leveraged(base, {"BTC", "ETH", "JUP", "SYRUP"}) is leveraged


class Asked(FakeSource):
    """Counts what is asked for."""

    def __init__(self) -> None:
        super().__init__(ManualClock(T0), ["AAAUSDT", "BBBUSDT", "CCCUSDT"])
        self.asked: list[str] = []
        self.young = "BBBUSDT"

    async def day_volumes(self) -> dict[str, float]:
        self.asked.append("volumes")
        return {"AAAUSDT": 5e6, "BBBUSDT": 1e6}

    async def listed_ms(self, symbol: str) -> int | None:
        self.asked.append(symbol)
        return T0 - DAY_MS if symbol == self.young else None


async def test_the_source_is_asked_for_what_the_rules_need_only() -> None:
    source = Asked()
    source.unreadable_symbols = {"BADUSDT": "no base asset"}
    found = await read_universe(source, UniverseRules(), T0)
    assert (len(found.symbols), source.asked) == (3, [])
    assert found.rejected == {"BADUSDT": "its entry cannot be read"}
    found = await read_universe(source, UniverseRules(limit=1), T0)
    assert (found.symbols, source.asked) == (("AAAUSDT",), ["volumes"])
    assert found.infos["AAAUSDT"].quote_volume_24h == 5e6
    source.asked.clear()
    found = await read_universe(source, UniverseRules(min_quote_volume=1, min_age_days=2), T0)
    assert source.asked == ["volumes", "AAAUSDT", "BBBUSDT"]
    # Nobody knows when the first was listed: it passes.
    assert found.symbols == ("AAAUSDT",)
    assert found.rejected["BBBUSDT"] == "listed less than 2 days ago"
    assert found.rejected["CCCUSDT"] == "its volume is not known"


async def test_a_symbol_too_young_does_not_take_the_place_of_another() -> None:
    source = Asked()
    source.young = "AAAUSDT"
    found = await read_universe(source, UniverseRules(limit=1, min_age_days=2), T0)
    assert found.symbols == ("BBBUSDT",)
    assert found.rejected["AAAUSDT"] == "listed less than 2 days ago"


def test_the_rules_of_the_settings() -> None:
    assert universe_rules(Settings(_env_file=None, symbols=30)) == UniverseRules(limit=30)
    settings = Settings(
        _env_file=None,
        market="binance",
        venue="usdm",
        quote_asset="USDC",
        universe_include="BTCUSDC, ETHUSDC,",
        universe_exclude="1000*",
        universe_min_quote_volume=1e6,
        universe_min_age_days=30,
        universe_statuses="TRADING,SETTLING",
        universe_stable=True,
    )
    assert universe_rules(settings) == UniverseRules(
        quote_assets=("USDC",),
        include=("BTCUSDC", "ETHUSDC"),
        exclude=("1000*",),
        min_quote_volume=1e6,
        min_age_days=30,
        statuses=("TRADING", "SETTLING"),
        stable=True,
    )
    several = Settings(_env_file=None, market="binance", universe_quote_assets="USDT,USDC", universe_limit=0)
    assert universe_rules(several) == UniverseRules(quote_assets=("USDT", "USDC"), limit=0)
