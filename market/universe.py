"""Which symbols of an exchange are screened, and why each other one is not.

1. `choose` judges every symbol by `UniverseRules`, in the order of `_fault`: the first rule it breaks is its reason.
2. Symbols named in `include` need only trade; a symbol that `exclude` matches never comes in.
3. Where there are more than `limit`, the included and then the most traded stay.
4. `read_universe` asks a source for what the rules need and no more: volumes only for a least volume or a limit, the
   day of listing only for a least age, of those symbols that pass everything else. A spot exchange does not list that
   day: it is the open time of the first daily candle, asked once for each symbol and remembered by the source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from market.source import MarketSource
from market.types import SymbolInfo

DAY_MS = 86_400_000
LEVERAGED = ("UP", "DOWN", "BULL", "BEAR")
"""Endings of leveraged tokens: `BTCUP` is one because `BTC` is an asset there, `JUP` is none."""
_STABLE = (
    "AEUR ARS AUD BFUSD BIDR BKRW BRL BUSD BVND COP CZK DAI EUR EURI FDUSD GBP IDRT JPY KZT MXN NGN PAX "
    "PLN PYUSD RLUSD RON RUB SUSD TRY TUSD UAH USD USD1 USDB USDC USDD USDE USDJ USDP USDS USDSB USDT XUSD ZAR"
)
STABLE = frozenset(_STABLE.split())
"""Money and coins pegged to it: a pair of two moves by hundredths of a percent, and any condition on it is noise."""
FIRST_NAMES = 50


@dataclass(frozen=True)
class UniverseRules:
    """What a symbol has to be. `include` holds names, `exclude` names or patterns (`*` and `?`); `min_quote_volume` is
    of 24 hours in quote currency; `limit` None takes all, 0 those included only. `contracts` holds for derivatives.

    A day of listing that nobody knows passes; a volume that is asked for and not known does not.
    """

    quote_assets: tuple[str, ...] = ("USDT",)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_quote_volume: float = 0.0
    min_age_days: float = 0.0
    statuses: tuple[str, ...] = ("TRADING",)
    limit: int | None = None
    contracts: tuple[str, ...] = ("PERPETUAL",)
    leveraged: bool = False
    stable: bool = False

    @property
    def by_volume(self) -> bool:
        """Whether volumes are needed."""
        return self.min_quote_volume > 0 or self.limit is not None


@dataclass(frozen=True)
class Universe:
    """The symbols chosen, in the exchange's order (by volume where a limit applies), their rules, and the others with
    the reason for each.
    """

    symbols: tuple[str, ...]
    infos: Mapping[str, SymbolInfo]
    rejected: Mapping[str, str] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """For status and doctor: counts by reason, and the first names of each."""
        counts = Counter(self.rejected.values())
        names = {reason: [n for n, why in self.rejected.items() if why == reason][:FIRST_NAMES] for reason in counts}
        return {
            "symbols": len(self.symbols),
            "rejected": len(self.rejected),
            "reasons": {reason: {"count": count, "first": names[reason]} for reason, count in counts.most_common()},
        }


def choose(
    infos: Iterable[SymbolInfo], rules: UniverseRules, now_ms: int, unreadable: Mapping[str, str] | None = None
) -> Universe:
    """Judge every symbol. `unreadable` are symbols that the source could not make sense of, by name."""
    listed: dict[str, SymbolInfo] = {}
    rejected = dict.fromkeys(unreadable or {}, "its entry cannot be read")
    for info in infos:
        listed.setdefault(info.symbol, info)
    bases = {info.base_asset for info in listed.values()}
    passed: list[SymbolInfo] = []
    for info in listed.values():
        reason = _fault(info, rules, bases, now_ms)
        if reason is None:
            passed.append(info)
        else:
            rejected[info.symbol] = reason
    if rules.limit is not None and len(passed) > rules.limit:
        passed.sort(key=lambda info: (info.symbol not in rules.include, -(info.quote_volume_24h or 0.0)))
        kept = max(rules.limit, sum(info.symbol in rules.include for info in passed))
        for info in passed[kept:]:
            rejected[info.symbol] = f"not among the {rules.limit} most traded"
        del passed[kept:]
    for name in rules.include:
        if name not in listed and name not in rejected:
            rejected[name] = "included, but the exchange does not list it"
    return Universe(tuple(info.symbol for info in passed), {info.symbol: info for info in passed}, rejected)


async def read_universe(source: MarketSource, rules: UniverseRules, now_ms: int) -> Universe:
    """Ask the source, and choose. Raises `SourceUnavailable` when it does not answer."""
    infos = await source.symbols()
    if rules.by_volume:
        volumes = await source.day_volumes()
        infos = [replace(info, quote_volume_24h=volumes.get(info.symbol)) for info in infos]
    if rules.min_age_days > 0:
        # Before the limit is applied: a symbol that is too young must not take the place of another.
        whatever_age = choose(infos, replace(rules, min_age_days=0.0, limit=None), now_ms)
        infos = [await _dated(source, info) if info.symbol in whatever_age.infos else info for info in infos]
    return choose(infos, rules, now_ms, source.unreadable_symbols)


async def _dated(source: MarketSource, info: SymbolInfo) -> SymbolInfo:
    if info.listed_ms is not None:
        return info
    return replace(info, listed_ms=await source.listed_ms(info.symbol))


def _fault(info: SymbolInfo, rules: UniverseRules, bases: set[str], now_ms: int) -> str | None:
    """The first rule that a symbol breaks; None when it passes."""
    if _matches(info.symbol, rules.exclude):
        return "excluded by the settings"
    if info.status not in rules.statuses:
        return f"status {info.status}"
    if info.tick_size <= 0 or info.step_size <= 0:
        return "no tick or step size"
    if info.symbol in rules.include:
        return None
    if rules.limit == 0:
        return "not among those included"
    if info.quote_asset not in rules.quote_assets:
        return f"not quoted in {' or '.join(rules.quote_assets)}"
    if info.contract is not None and info.contract not in rules.contracts:
        return f"contract {info.contract}"
    if not rules.leveraged and is_leveraged(info.base_asset, bases):
        return "a leveraged token"
    if not rules.stable and info.base_asset in STABLE:
        return "money or a coin pegged to it"
    if rules.min_quote_volume > 0:
        if info.quote_volume_24h is None:
            return "its volume is not known"
        if info.quote_volume_24h < rules.min_quote_volume:
            return f"less than {rules.min_quote_volume:g} traded in 24 hours"
    if info.listed_ms is not None and now_ms - info.listed_ms < rules.min_age_days * DAY_MS:
        return f"listed less than {rules.min_age_days:g} days ago"
    return None


def is_leveraged(base: str, bases: set[str]) -> bool:
    """Whether an asset is a leveraged token of another that is traded there, by its name."""
    return any(base.endswith(end) and base.removesuffix(end) in bases for end in LEVERAGED)


def _matches(symbol: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(symbol, pattern) for pattern in patterns)
