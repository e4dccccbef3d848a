"""Market data and the state of the system."""

from datetime import datetime

from api.schemas.base import DecimalString, Shape


class CandleOut(Shape):
    """A closed candle. `time` is its open, in seconds since the epoch, as chart libraries want it."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class CandlePage(Shape):
    """Closed candles, oldest first; `next` is the `to` of the page before this one, None where history begins."""

    items: tuple[CandleOut, ...]
    next: datetime | None = None


class QuoteOut(Shape):
    """The last price of a symbol."""

    symbol: str
    price: float
    time: datetime


class CoverageOut(Shape):
    """One minute's receipt: of the symbols `expected`, how many were `fresh` (in when screening started), `late` (came
    after that and were screened then), `stale` (not in, quiet for minutes) and `missing` (longer, or never there).

    Seconds are market seconds after the close: of the start of screening, and of the last symbol that came. The lists
    name fifty symbols at most.
    """

    candle_close: datetime
    expected: int = 0
    fresh: int
    late: int = 0
    stale: int
    missing: int
    seconds_after_close: float
    slowest_seconds: float = 0.0
    late_symbols: tuple[str, ...] = ()
    stale_symbols: tuple[str, ...] = ()
    missing_symbols: tuple[str, ...] = ()


class StatusOut(Shape):
    """`GET /api/v1/status`: the first line of every page."""

    market: str  # "simulated" or "binance"
    speed: float
    market_time: datetime
    symbols: int
    coverage: CoverageOut | None
    strategies: int
    intervals: tuple[str, ...] = ()  # of the running strategies
    mode: str = "paper"
    entries_paused: bool = False
    day_profit: DecimalString
    day_profit_percent: float
    max_daily_loss_percent: float
    equity: DecimalString
    cash: DecimalString
    model: str
    worker_alive: bool
    last_run_ms: float | None = None
    last_run_matches: int | None = None
