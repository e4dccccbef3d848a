"""What the web app asks the API: state and market data, strategies, signals, trading; the rest by subject beside it."""

from collections.abc import Collection, Iterator, Sequence

from api.schemas import (
    CandleOut,
    CheckOut,
    CoverageOut,
    EventOut,
    ExecutionOut,
    ExplainOut,
    FeedOut,
    FillingOut,
    FilterReport,
    HistoryOut,
    OrderOut,
    PositionOut,
    QuoteOut,
    SignalCount,
    SignalDetail,
    SignalPage,
    StatusOut,
    StrategyDetail,
    StrategyIn,
    StrategyOut,
)
from ui.generating import Generating
from ui.reviewing import Reviewing
from ui.tuning import Tuning

SCAN_TIMEOUT_S = 60.0


class ApiClient(Generating, Reviewing, Tuning):
    """All that the web app asks. Every method is one request; all raise ApiProblem and ApiUnreachable."""

    # State of the system and market data

    def status(self) -> StatusOut:
        """Market, speed, freshness, account: the first line of every page."""
        return self._one(StatusOut, self._request("GET", "/status", timeout_s=3.0))

    def coverage(self, limit: int = 240) -> tuple[CoverageOut, ...]:
        """Receipts of the newest minutes, newest first."""
        return self._items(CoverageOut, self._request("GET", "/coverage", params={"limit": limit}))

    def feed(self) -> FeedOut:
        """The feed's health: connections, repairs, refusals."""
        return self._one(FeedOut, self._request("GET", "/market/feed"))

    def candles(self, symbol: str, interval: str, limit: int = 300) -> tuple[CandleOut, ...]:
        """Closed candles, oldest first."""
        params: dict[str, str | int] = {"symbol": symbol, "interval": interval, "limit": limit}
        return self._items(CandleOut, self._request("GET", "/market/candles", params=params))

    def quotes(self, symbols: Sequence[str]) -> dict[str, QuoteOut]:
        """Last price of each symbol, by symbol."""
        if not symbols:
            return {}
        payload = self._request("GET", "/market/quotes", params={"symbols": ",".join(symbols)})
        return {quote.symbol: quote for quote in self._items(QuoteOut, payload)}

    # Strategies

    def compile(
        self,
        filter_code: str,
        interval: str,
        *,
        sentence: str = "",
        not_understood: Sequence[str] = (),
        direction: str = "long",
        evaluate: str = "close",
    ) -> FilterReport:
        """Diagnostics, reading and condition rows of a filter program; beside its sentence, what of that it lacks."""
        body = {
            "filter_code": filter_code,
            "interval": interval,
            "sentence": sentence,
            "not_understood": list(not_understood),
            "direction": direction,
            "evaluate": evaluate,
        }
        return self._one(FilterReport, self._request("POST", "/filters/compile", body=body))

    def scan(
        self, filter_code: str, interval: str, direction: str, trigger: str = "edge", symbols: Sequence[str] = ()
    ) -> Iterator[FillingOut | HistoryOut]:
        """Where a filter would have matched, over the candles held: the last item. Before it comes how far these are
        fetched, where they were not held. No `symbols` means all."""
        body = {"filter_code": filter_code, "interval": interval, "direction": direction, "trigger": trigger}
        return self._stream("/filters/scan", {**body, "symbols": list(symbols)}, HistoryOut, FillingOut)

    def check(self, filter_code: str, interval: str, direction: str, trigger: str = "edge") -> CheckOut:
        """What enabling a filter would find: look-ahead, how often it matches, cost and quota."""
        body = {"filter_code": filter_code, "interval": interval, "direction": direction, "trigger": trigger}
        payload = self._request("POST", "/filters/check", body=body, timeout_s=SCAN_TIMEOUT_S)
        return self._one(CheckOut, payload)

    def explain(self, filter_code: str, interval: str, symbol: str) -> ExplainOut:
        """Each condition of a filter on a symbol's newest candle."""
        body = {"filter_code": filter_code, "interval": interval, "symbol": symbol}
        payload = self._request("POST", "/filters/explain", body=body, timeout_s=SCAN_TIMEOUT_S)
        return self._one(ExplainOut, payload)

    def market_symbols(self) -> tuple[str, ...]:
        """Names of the screened symbols."""
        return tuple(str(row["symbol"]) for row in self._request("GET", "/market/symbols")["items"])

    def strategies(self) -> tuple[StrategyOut, ...]:
        """Own and built-in strategies."""
        return self._items(StrategyOut, self._request("GET", "/strategies"))

    def create_strategy(self, strategy: StrategyIn) -> StrategyDetail:
        """Store a strategy; `enabled` in it decides whether it runs. What was found about it comes with it.

        Raises ApiProblem 409 with the findings where it may not run, or not without `confirm`.
        """
        payload = self._request("POST", "/strategies", body=strategy, timeout_s=SCAN_TIMEOUT_S)
        return self._one(StrategyDetail, payload)

    def history(self, strategy_id: str) -> HistoryOut:
        """Where a stored strategy would have matched."""
        payload = self._request("GET", f"/strategies/{strategy_id}/history", timeout_s=SCAN_TIMEOUT_S)
        return self._one(HistoryOut, payload)

    # Signals

    def signals(
        self, limit: int = 50, cursor: str = "", strategy_id: str = "", states: Collection[str] = ()
    ) -> SignalPage:
        """Signals, newest first, in any of `states`; none named means all."""
        wanted = {"cursor": cursor, "strategy_id": strategy_id, "state": sorted(states)}
        params = {name: value for name, value in wanted.items() if value}
        return self._one(SignalPage, self._request("GET", "/signals", params={"limit": limit, **params}))

    def signal_counts(self) -> tuple[SignalCount, ...]:
        """How many signals there are of each strategy and state."""
        return self._items(SignalCount, self._request("GET", "/signals/counts"))

    def signal(self, signal_id: str) -> SignalDetail:
        """A signal with candles, analysis and approval preview."""
        return self._one(SignalDetail, self._request("GET", f"/signals/{signal_id}"))

    def approve(self, signal_id: str, price_seen: float, analysis_id: str | None = None) -> PositionOut:
        """Open the paper position of the analysis that was seen. Raises ApiProblem 409 with the reasons when it is
        refused.
        """
        body = {"price_seen": price_seen, "analysis_id": analysis_id}
        payload = self._request("POST", f"/signals/{signal_id}/approve", body=body)
        return self._one(PositionOut, payload)

    def decline(self, signal_id: str) -> None:
        """Turn a signal down."""
        self._request("POST", f"/signals/{signal_id}/decline")

    def analyse(self, signal_id: str) -> None:
        """Ask for an analysis, or a new one."""
        self._request("POST", f"/signals/{signal_id}/analyse", timeout_s=SCAN_TIMEOUT_S)

    # Trading

    def positions(self, state: str = "open") -> tuple[PositionOut, ...]:
        """Positions; `state` is open or closed."""
        return self._items(PositionOut, self._request("GET", "/positions", params={"state": state}))

    def close_position(self, position_id: str) -> PositionOut:
        """Close at market."""
        return self._one(PositionOut, self._request("POST", f"/positions/{position_id}/close"))

    def orders(self, limit: int = 50) -> tuple[OrderOut, ...]:
        """Order intents, newest first."""
        return self._items(OrderOut, self._request("GET", "/orders", params={"limit": limit}))

    def executions(self, limit: int = 50) -> tuple[ExecutionOut, ...]:
        """Fills, newest first."""
        return self._items(ExecutionOut, self._request("GET", "/executions", params={"limit": limit}))

    def events(self, limit: int = 30) -> tuple[EventOut, ...]:
        """The event log, newest first."""
        return self._items(EventOut, self._request("GET", "/events", params={"limit": limit}))

    def set_kill_switch(self, on: bool) -> None:
        """Pause entries, or let them go on."""
        self._request("POST", "/kill-switch", body={"on": on})
