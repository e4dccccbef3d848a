"""The symbols of the synthetic market: names, price levels, tick and lot sizes, and how each behaves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from simexchange.noise import key_of, normals, uniforms

#: Typical prices in USDT of well-known assets, in order of how much they trade; the leader first.
_MAJORS: Final[dict[str, float]] = {
    "BTC": 62_000.0, "ETH": 3_100.0, "SOL": 145.0, "BNB": 580.0, "XRP": 0.62, "DOGE": 0.14, "ADA": 0.48,
    "AVAX": 31.0, "LINK": 15.2, "TRX": 0.13, "TON": 6.1, "SHIB": 0.0000185, "DOT": 6.4, "NEAR": 5.3,
    "LTC": 82.0, "BCH": 410.0, "UNI": 8.7, "PEPE": 0.0000098, "APT": 8.9, "ICP": 10.6, "SUI": 1.35,
    "FIL": 4.9, "ARB": 0.92, "OP": 2.1, "ETC": 25.5, "ATOM": 7.4, "INJ": 24.0, "FET": 1.55, "RENDER": 7.2,
    "HBAR": 0.083, "XLM": 0.102, "WIF": 2.3, "AAVE": 105.0, "GRT": 0.21, "TIA": 7.6, "SEI": 0.42,
    "ALGO": 0.155, "STX": 1.75, "IMX": 1.6, "RUNE": 4.6, "LDO": 1.9, "THETA": 1.6, "FTM": 0.62,
    "MKR": 2_600.0,
    "SAND": 0.36, "MANA": 0.37, "AXS": 6.3, "GALA": 0.031, "EGLD": 34.0, "FLOW": 0.72, "XTZ": 0.83,
    "EOS": 0.66, "CHZ": 0.082, "APE": 1.05, "SNX": 2.2, "CRV": 0.34, "DYDX": 1.5, "ENA": 0.51, "JUP": 0.84,
    "BONK": 0.0000235, "FLOKI": 0.000168, "ORDI": 38.0, "WLD": 2.6, "PENDLE": 4.2, "COMP": 52.0, "ZEC": 28.0,
    "DASH": 27.0, "NEO": 12.1, "IOTA": 0.19, "KAVA": 0.46, "QTUM": 2.9, "YFI": 6_300.0, "PAXG": 2_380.0,
}  # fmt: skip

_OTHERS: Final = (
    "1INCH ACA ACH ACM ADX AERGO AGLD AKRO ALCX ALICE ALPACA ALPHA ALPINE ALT AMB AMP ANKR API3 "
    "AR ARDR ARK ARKM ARPA ASR AST ASTR ATA ATM AUCTION AUDIO AVA AXL BADGER BAKE BAL BAND BAR "
    "BAT BEL BETA BICO BIFI BLUR BLZ BNT BSW BURGER C98 CAKE CELO CELR CFX CHESS CHR CITY CKB CLV "
    "COMBO COS COTI CTK CTSI CTXC CVC CVX CYBER DAR DATA DCR DEGO DENT DEXE DF DGB DIA DOCK DODO "
    "DUSK EDU ELF ENJ ENS ERN FARM FIDA FIO FIRO FIS FLM FLUX FORTH FRONT FUN FXS GAS GFT GHST "
    "GLM GLMR GMT GMX GNO GNS GTC HARD HFT HIFI HIGH HIVE HOOK HOT ICX ID IDEX ILV IOST IOTX IQ "
    "IRIS JASMY JOE JST JTO JUV KDA KEY KLAY KMD KNC KSM LAZIO LEVER LINA LIT LOKA LPT LQTY LRC "
    "LSK LTO LUNA MAGIC MANTA MASK MAV MBL MBOX MDT MINA MLN MOVR MTL NEXO NKN NMR NTRN NULS "
    "OCEAN OG OGN OM ONE ONG ONT OSMO OXT PEOPLE PERP PHA PHB POLYX POND PORTO POWR PROM PSG "
    "PUNDIX PYTH PYR QI QNT QUICK RAD RARE RAY RDNT REEF REI REQ RIF RLC RONIN ROSE RPL RSR RVN "
    "SANTOS SC SCRT SFP SKL SLP SPELL SSV STEEM STG STORJ STPT STRAX STRK SUPER SUSHI SXP SYN SYS "
    "TFUEL TKO TLM TRB TRU TWT UMA UTK VANRY VET VIB VIDT VITE VOXEL VTHO WAN WAXP WOO XAI XEC "
    "XEM XNO XVG XVS YGG ZEN ZIL ZRX "
)


def _more_names(count: int) -> list[str]:
    """Names that nobody lists, for markets larger than the well-known ones: BAKLO, BEKLO, ..."""
    first, second, third = "BDFGKLMNPRSTVZ", "AEIOU", "KLMNRT"
    made = [f"{a}{b}{c}{d}" for d in ("LO", "NA") for c in third for a in first for b in second]
    return made[:count]


_KNOWN: Final = (*_MAJORS, *_OTHERS.split())
NAMES: Final[tuple[str, ...]] = (*_KNOWN, *_more_names(800 - len(_KNOWN)))


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol as the exchange lists it; a tick is 10**-price_decimals USDT, a lot 10**-lot_decimals of
    the base.
    """

    symbol: str
    base: str
    price_decimals: int
    lot_decimals: int
    quote: str = "USDT"

    @property
    def quote_decimals(self) -> int:
        """Decimals of tick × lot."""
        return self.price_decimals + self.lot_decimals


@dataclass(frozen=True, slots=True)
class Character:
    """How a synthetic symbol behaves.

    price: USDT the price wanders around; volatility: a year's, as a fraction; loading: correlation with the
    leader;
    turnover: USDT traded on a usual day; ticket: USDT of a usual trade.
    """

    price: float
    volatility: float
    loading: float
    turnover: float
    ticket: float


def price_decimals(price: float) -> int:
    """Decimals of a sensible tick at this price: about a ten-thousandth of it, and cents at least."""
    return min(8, max(2, 4 - math.floor(math.log10(price) + 0.25)))


def lot_decimals(price: float) -> int:
    """Decimals of a sensible lot: worth about half a dollar, and one coin at most."""
    return min(5, max(0, round(math.log10(price / 0.6))))


def synthetic_universe(seed: int, count: int) -> list[tuple[Listing, Character]]:
    """The first `count` symbols of the synthetic market, BTCUSDT first.

    Raises ValueError where there are not that many names, or fewer than one is asked for.
    """
    if not 1 <= count <= len(NAMES):
        raise ValueError(f"the synthetic market has 1 to {len(NAMES)} symbols, not {count}")
    return [_member(seed, rank, base) for rank, base in enumerate(NAMES[:count])]


def _member(seed: int, rank: int, base: str) -> tuple[Listing, Character]:
    key = np.array([key_of(seed, f"character/{base}")], dtype=np.uint64)
    uniform = uniforms(key, np.zeros(1, dtype=np.int64), 0, 6)[:, 0, 0]
    normal = normals(uniform[:2])
    price = _MAJORS.get(base) or float(10.0 ** (-2.2 + 3.2 * uniform[2]))
    if rank == 0:
        character = Character(price, 0.58, 1.0, 1.6e9, 900.0)
    else:
        volatility = min(1.6, max(0.88, 0.92 + 0.0028 * rank + 0.12 * float(normal[0])))
        loading = min(0.9, max(0.3, 0.82 - 0.0015 * rank + 0.07 * float(normal[1])))
        turnover = max(6e4, 9e8 * rank**-1.05 * math.exp(-rank / 90.0) * (0.6 + 0.8 * float(uniform[3])))
        ticket = (90.0 + 260.0 * float(uniform[4])) * (1.0 + 2.0 / rank)
        character = Character(price, volatility, loading, turnover, ticket)
    return Listing(f"{base}USDT", base, price_decimals(price), lot_decimals(price)), character
