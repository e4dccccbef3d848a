"""Market data and the state of the system."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

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


class ConnectionOut(Shape):
    """One connection to the exchange's streams; times in real seconds, None before the first message.

    `lost` messages came and were thrown away because the reader was too slow. `reason` is why it was last opened again.
    """

    name: str
    symbols: int = 0
    open: bool = False
    open_for_s: float | None = None
    silent_for_s: float | None = None
    messages: int = 0
    unreadable: int = 0
    lost: int = 0
    reconnects: int = 0
    replaced: int = 0
    reason: str | None = None


class ClockOut(Shape):
    """How the worker's clock stands to the exchange's; `set_ago_s` and `round_trip_ms` in real time."""

    set_ago_s: float | None = None
    machine_ahead_ms: float | None = None
    round_trip_ms: float | None = None
    jumps: int = 0


class StreamsOut(Shape):
    """The connections to the exchange."""

    connections: tuple[ConnectionOut, ...] = ()
    reconnects: int = 0
    duplicates: int = 0
    clock: ClockOut = ClockOut()


class CorrectionsOut(Shape):
    """Candles by what became of them: `corrected` had other values, `filled` were lacking, `too_late` came when their
    minute was no longer screened, `duplicates` were held already."""

    corrected: int = 0
    filled: int = 0
    too_late: int = 0
    duplicates: int = 0


class RefusedOut(Shape):
    """Candles that cannot be true, by reason."""

    by_reason: Mapping[str, int] = Field(default_factory=dict)


class AuditOut(Shape):
    """Candles held against the exchange's, again and again; `round_done` is a fraction."""

    requests: int = 0
    rounds: int = 0
    round_done: float = 0.0
    differing: int = 0
    lacking: int = 0
    not_at_the_exchange: int = 0
    failure: str | None = None


class CacheOut(Shape):
    """The files that history is kept in; `saved_until` is market time in ms UTC."""

    directory: str = ""
    saved_until: int | None = None
    problems: int = 0


class SourceOut(Shape):
    """The exchange as it is asked: requests and failures since the start, request weight used in this minute and the
    limit, real seconds that it asked to wait with its words, symbols whose entry could not be read."""

    venue: str = "spot"
    requests: int = 0
    failures: int = 0
    used_weight: int = 0
    weight_limit: int = 0
    closed_for_s: float = 0.0
    refusal: str | None = None
    refused_candles: int = 0
    unreadable_symbols: int = 0
    connection_attempts_5m: int = 0


class ReasonOut(Shape):
    """Symbols not screened for one reason; the first of them by name."""

    count: int = 0
    first: tuple[str, ...] = ()


class UniverseOut(Shape):
    """How many symbols the rules chose, how many not, and why."""

    symbols: int = 0
    rejected: int = 0
    reasons: Mapping[str, ReasonOut] = Field(default_factory=dict)


class FeedOut(Shape):
    """`GET /api/v1/market/feed`: the feed's health. What is not known is None or zero.

    `holes` are ranges of candles known to be missing and asked for; `failure` is why they cannot be had now.
    """

    market_time: datetime
    speed: float = 1.0
    symbols: int
    holes: int = 0
    failure: str | None = None
    skipped_minutes: int = 0
    streams: StreamsOut = StreamsOut()
    corrections: CorrectionsOut = CorrectionsOut()
    refused: RefusedOut = RefusedOut()
    audit: AuditOut | None = None
    cache: CacheOut | None = None
    source: SourceOut | None = None
    universe: UniverseOut | None = None
    price_readers: int = 0


class StatusOut(Shape):
    """`GET /api/v1/status`: the first line of every page. Money in the quote asset, shares in percent of the starting
    capital.

    The rule that stops entries counts `lost_today`, which is realised, against `max_daily_loss`; `loss_stops_entries`
    is what it says. `day_profit` is `realised_today` and `open_profit` together.
    """

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
    realised_today: DecimalString
    realised_percent: float
    open_profit: DecimalString
    lost_today: DecimalString
    max_daily_loss: DecimalString | None
    loss_stops_entries: bool
    equity: DecimalString
    cash: DecimalString
    model: str
    worker_alive: bool
    last_run_ms: float | None = None
    last_run_matches: int | None = None
