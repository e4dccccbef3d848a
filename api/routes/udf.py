"""TradingView's UDF protocol, for chart clients that speak it: `/udf/config`, `/symbols`, `/search`, `/history`, ...

1. A client asks `/config`, resolves a symbol (`/symbols`), then asks `/history` for bars, again and again for the
   newest.
2. `/history`: bars with from <= t < to, oldest first; `countback` asks for so many bars before `to`, and then `from`
   does not count. A range without bars answers `no_data` with `nextTime`, the newest bar before it, where there is
   one. The candle under way is the last bar.
3. Clients read `s` and `errmsg`, not the status: what they ask wrongly is answered with status 200 and `s` error.

Times are seconds UTC, as the protocol has them; prices are numbers. Ticks of 0.01 are `minmov` 1 of `pricescale` 100.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, PlainTextResponse

from api.deps import Parts
from api.routes.market import named
from app.bootstrap import Services
from app.market_client import MarketRefused, MarketUnavailable

router = APIRouter(prefix="/udf", tags=["udf"])

RESOLUTIONS: Final[Mapping[str, str]] = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "480": "8h",
    "720": "12h",
    "1D": "1d",
    "3D": "3d",
    "1W": "1w",
}
"""Resolutions of the protocol and our intervals."""
SHORT: Final = {"D": "1D", "W": "1W", "1440": "1D"}
MOST_BARS = 5000
MOST_FOUND = 100
MOST_NUMBER = 1e15
LATEST_SECONDS = 253_402_300_800
Answer = dict[str, Any]


def _error(message: str) -> Answer:
    return {"s": "error", "errmsg": message}


async def _asked(work: Awaitable[Mapping[str, Any]]) -> Answer:
    """What the worker answers, or the error as the protocol writes it."""
    try:
        return dict(await work)
    except (MarketUnavailable, MarketRefused) as error:
        return _error(str(error))


def _exchange(parts: Services) -> str:
    return "SIMULATED" if parts.settings.market == "demo" else "BINANCE"


def _bare(name: str) -> str:
    """The symbol without the exchange that some clients put before it."""
    return name.rpartition(":")[2]


def scale(tick: Decimal) -> tuple[int, int]:
    """`pricescale` and `minmov` of a tick size: the tick is minmov / pricescale.

    A tick of 0.05 is 5 / 100, of 0.25 is 25 / 100, of 10 is 10 / 1; nothing, or less, counts as 1e-8.
    """
    if not tick.is_finite() or tick <= 0:
        return 100_000_000, 1
    digits = max(0, -int(tick.normalize().as_tuple().exponent))
    return int(10**digits), int(tick * 10**digits)


def _symbol_info(row: Answer, exchange: str) -> Answer:
    pricescale, minmov = scale(Decimal(row["tick_size"]))
    step = Decimal(row["step_size"])
    return {
        "name": row["symbol"],
        "full_name": f"{exchange}:{row['symbol']}",
        "ticker": row["symbol"],
        "description": f"{row['base_asset']} / {row['quote_asset']}",
        "type": "crypto",
        "session": "24x7",
        "exchange": exchange,
        "listed_exchange": exchange,
        "timezone": "Etc/UTC",
        "format": "price",
        "minmov": minmov,
        "minmovement": minmov,
        "minmov2": 0,
        "pricescale": pricescale,
        "has_intraday": True,
        "intraday_multipliers": [name for name in RESOLUTIONS if name.isdigit()],
        "has_daily": True,
        "daily_multipliers": ["1", "3"],
        "has_weekly_and_monthly": True,
        "weekly_multipliers": ["1"],
        "monthly_multipliers": [],
        "supported_resolutions": list(RESOLUTIONS),
        "visible_plots_set": "ohlcv",
        "volume_precision": max(0, -int(step.normalize().as_tuple().exponent)) if step > 0 else 8,
        "currency_code": row["quote_asset"],
        "data_status": "streaming",
    }


@router.get("/config")
async def config(parts: Parts) -> Answer:
    """What this feed can do."""
    exchange = _exchange(parts)
    return {
        "supports_search": True,
        "supports_group_request": False,
        "supports_marks": False,
        "supports_timescale_marks": False,
        "supports_time": True,
        "exchanges": [
            {"value": "", "name": "All", "desc": ""},
            {"value": exchange, "name": exchange.capitalize(), "desc": parts.settings.market_label},
        ],
        "symbols_types": [{"name": "All", "value": ""}, {"name": "Crypto", "value": "crypto"}],
        "supported_resolutions": list(RESOLUTIONS),
    }


@router.get("/time")
async def time(parts: Parts) -> PlainTextResponse:
    """Market time in seconds, as text."""
    found = await parts.market.status()
    return PlainTextResponse(str(found["market_time"] // 1000))


@router.get("/symbols")
async def symbols(parts: Parts, symbol: str = "") -> Answer:
    """One symbol's description; `NAME` or `EXCHANGE:NAME`."""
    found = await _asked(parts.market.symbols())
    if "s" in found:
        return found
    row = next((row for row in found["items"] if row["symbol"] == _bare(symbol).upper()), None)
    return _error("unknown_symbol") if row is None else _symbol_info(row, _exchange(parts))


@router.get("/symbol_info", response_model=None)
async def symbol_info(parts: Parts, group: str = "") -> Answer | JSONResponse:
    """All symbols of an exchange as a table: an array where they differ, one value where they do not."""
    exchange = _exchange(parts)
    if group.upper() not in ("", exchange):
        return JSONResponse(_error(f"unknown group; there is {exchange}"), status_code=404)
    found = await _asked(parts.market.symbols())
    if "s" in found:
        return found
    rows = [_symbol_info(row, exchange) for row in found["items"]]

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    return {
        "symbol": column("name"),
        "ticker": column("ticker"),
        "description": column("description"),
        "minmovement": column("minmov"),
        "minmov": column("minmov"),
        "minmov2": 0,
        "pricescale": column("pricescale"),
        "volume_precision": column("volume_precision"),
        "currency-code": column("currency_code"),
        "exchange-listed": exchange,
        "exchange-traded": exchange,
        "type": "crypto",
        "timezone": "Etc/UTC",
        "session-regular": "24x7",
        "has-intraday": True,
        "has-daily": True,
        "has-weekly-and-monthly": True,
        "has-dwm": True,
        "has-no-volume": False,
        "fractional": False,
        "intraday-multipliers": [name for name in RESOLUTIONS if name.isdigit()],
        "supported-resolutions": list(RESOLUTIONS),
        "visible-plots-set": "ohlcv",
    }


@router.get("/search", response_model=None)
async def search(
    parts: Parts,
    query: str = "",
    kind: str = Query("", alias="type"),
    exchange: str = "",
    limit: str = "30",
) -> list[Answer] | Answer:
    """Symbols whose name or description has the text in it: those that begin with it first."""
    found = await _asked(parts.market.symbols())
    if "s" in found:
        return found
    ours, text = _exchange(parts), _bare(query).strip().upper()
    if kind.lower() not in ("", "crypto") or exchange.upper() not in ("", ours):
        return []
    names = [row for row in found["items"] if text in row["symbol"] or text in f"{row['base_asset']} / "]
    names.sort(key=lambda row: (not row["symbol"].startswith(text), row["symbol"]))
    most = _whole(limit)
    return [
        {
            "symbol": row["symbol"],
            "full_name": f"{ours}:{row['symbol']}",
            "description": f"{row['base_asset']} / {row['quote_asset']}",
            "exchange": ours,
            "ticker": row["symbol"],
            "type": "crypto",
        }
        for row in names[: min(most, MOST_FOUND) if most is not None and most > 0 else 30]
    ]


@router.get("/history")
async def history(
    parts: Parts,
    symbol: str = "",
    resolution: str = "",
    since: str = Query("", alias="from"),
    until: str = Query("", alias="to"),
    countback: str = "",
) -> Answer:
    """Bars as arrays."""
    interval = RESOLUTIONS.get(SHORT.get(resolution.upper(), resolution.upper()))
    if interval is None:
        return _error(f"unsupported resolution; use one of {' '.join(RESOLUTIONS)}")
    start, count = _whole(since), _whole(countback)
    end = _whole(until) if until else LATEST_SECONDS
    if end is None or (countback and (count is None or count < 1)):
        return _error("to is in seconds since 1970, countback a whole number from 1 on")
    if start is None and count is None:
        return _error("from, in seconds since 1970, or countback is missing")
    start = None if count is not None else start
    ticker = _bare(symbol).upper()
    wanted = MOST_BARS if count is None else min(count, MOST_BARS)
    found = await _asked(_bars(parts, ticker, interval, start, end, wanted))
    if "s" in found:
        return found
    rows = found["items"]
    if rows:
        return {
            "s": "ok",
            "t": [row["time"] for row in rows],
            "o": [row["open"] for row in rows],
            "h": [row["high"] for row in rows],
            "l": [row["low"] for row in rows],
            "c": [row["close"] for row in rows],
            "v": [row["volume"] for row in rows],
        }
    if start is None:
        return {"s": "no_data"}
    before = await _asked(_bars(parts, ticker, interval, None, end, 1))
    earlier = before.get("items")
    return {"s": "no_data", "nextTime": earlier[0]["time"]} if earlier else {"s": "no_data"}


async def _bars(
    parts: Services, ticker: str, interval: str, start: int | None, end: int, count: int
) -> dict[str, list[Answer]]:
    """The newest `count` bars in [start, end), the candle under way among them."""
    found = await parts.market.candles(
        ticker,
        interval,
        count,
        from_ms=None if start is None else max(0, min(start, LATEST_SECONDS)) * 1000,
        to_ms=max(0, min(end, LATEST_SECONDS)) * 1000,
        forming=True,
    )
    rows, forming = found["items"], found.get("forming")
    if forming is not None and forming["time"] < end and (start is None or forming["time"] >= start):
        rows = [*rows, forming]
    return {"items": rows[-count:]}


@router.get("/quotes")
async def quotes(parts: Parts, symbols: str = "") -> Answer:
    """Last prices of symbols by comma, with the change over 24 hours where so much is held."""
    found = await _asked(parts.market.symbols())
    if "s" in found:
        return found
    exchange, rows = _exchange(parts), {row["symbol"]: row for row in found["items"]}
    prices, days = await _asked(_prices(parts)), await _asked(parts.market.day())
    if "s" in prices:
        return prices
    wanted = {name: rows.get(_bare(name).upper()) for name in named(symbols)[:MOST_FOUND]}
    return {"s": "ok", "d": [_quote(name, row, prices, days, exchange) for name, row in wanted.items()]}


async def _prices(parts: Services) -> dict[str, float]:
    if parts.prices.live:
        return {quote.symbol: quote.price for quote in parts.prices.quotes.values()}
    return {quote["symbol"]: quote["price"] for quote in (await parts.market.quotes())["items"]}


def _quote(
    name: str, row: Answer | None, prices: dict[str, float], days: dict[str, dict[str, float]], exchange: str
) -> Answer:
    price = prices.get(row["symbol"]) if row is not None else None
    if row is None or price is None:
        return {"s": "error", "n": name, "v": {}, "errmsg": "unknown_symbol" if row is None else "no price yet"}
    value: Answer = {
        "lp": price,
        "short_name": row["symbol"],
        "exchange": exchange,
        "original_name": f"{exchange}:{row['symbol']}",
        "description": f"{row['base_asset']} / {row['quote_asset']}",
    }
    if (day := days.get(row["symbol"])) is not None and day["open"] > 0:
        value |= {
            "ch": price - day["open"],
            "chp": (price / day["open"] - 1) * 100,
            "open_price": day["open"],
            "prev_close_price": day["open"],
            "high_price": max(day["high"], price),
            "low_price": min(day["low"], price),
            "volume": day["volume"],
        }
    return {"s": "ok", "n": name, "v": value}


def _whole(text: str) -> int | None:
    """A number as clients write it (`1700000000`, `1700000000.5`), None where there is none to read."""
    try:
        value = float(text[:40])
    except ValueError:
        return None
    return int(value) if abs(value) < MOST_NUMBER else None
