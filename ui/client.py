"""The only HTTP caller of the web app.

Every method is one request to the API under `/api/v1` and returns a shape of `api.schemas`. Failures have two
types: `ApiUnreachable` when there was no answer, `ApiProblem` when the answer was a problem document (RFC
9457).
"""

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.schemas import (
    CandleOut,
    CheckOut,
    CoverageOut,
    EventOut,
    ExecutionOut,
    ExplainOut,
    FeedOut,
    FilterReport,
    HistoryOut,
    OrderOut,
    PositionOut,
    Problem,
    QuoteOut,
    SignalDetail,
    SignalPage,
    StatusOut,
    StrategyIn,
    StrategyOut,
)
from ui.generating import Generating, Progress
from ui.reviewing import Reviewing
from ui.tuning import Tuning

DEFAULT_URL = "http://127.0.0.1:8000"
READ_TIMEOUT_S = 10.0
SCAN_TIMEOUT_S = 60.0
GENERATE_TIMEOUT_S = 240.0  # a model may be asked three times, a minute each

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class ApiError(Exception):
    """A request that gave no result; `str()` is a sentence for the person at the screen."""


class ApiUnreachable(ApiError):
    """No answer: the API is down, starting, or at another address."""

    def __init__(self, base_url: str, reason: str) -> None:
        super().__init__(f"API not reachable at {base_url}: {reason}")
        self.base_url = base_url
        self.reason = reason


class ApiProblem(ApiError):
    """The API answered with a problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.problem.status


def _problem_of(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate(response.json())
    except (ValueError, ValidationError):
        text = response.text.strip()[:300]
        return Problem(title=response.reason_phrase, status=response.status_code, detail=text)


class ApiClient(Generating, Reviewing, Tuning):
    """A small synchronous client; safe to share between the sessions of one process.

    `base_url` and `token` default to `SCREENER_API_URL` and `SCREENER_TOKEN`; `transport` is for tests.
    """

    def __init__(
        self,
        base_url: str | None = None,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = (base_url or os.environ.get("SCREENER_API_URL") or DEFAULT_URL).rstrip("/")
        token = token if token is not None else os.environ.get("SCREENER_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=f"{self.base_url}/api/v1",
            headers=headers,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=2.0),
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str | int] | None = None,
        body: BaseModel | dict[str, Any] | None = None,
        timeout_s: float = READ_TIMEOUT_S,
    ) -> Any:
        content = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        timeout = httpx.Timeout(timeout_s, connect=2.0)
        try:
            response = self._http.request(method, path, params=params, json=content, timeout=timeout)
        except httpx.TimeoutException as error:
            raise ApiUnreachable(self.base_url, f"no answer within {timeout_s:g} s") from error
        except httpx.TransportError as error:
            raise ApiUnreachable(self.base_url, str(error) or type(error).__name__) from error
        if response.is_error:
            raise ApiProblem(_problem_of(response))
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise ApiUnreachable(self.base_url, "the answer is not JSON; is another program there?") from error

    def _one(self, shape: type[ShapeT], payload: Any) -> ShapeT:
        try:
            return shape.model_validate(payload)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            reason = f"{shape.__name__}.{place}: {first['msg']}; app and API may be of different versions"
            raise ApiUnreachable(self.base_url, reason) from error

    def _items(self, shape: type[ShapeT], payload: Any) -> tuple[ShapeT, ...]:
        rows = payload["items"] if isinstance(payload, dict) and "items" in payload else payload
        return tuple(self._one(shape, row) for row in rows or ())

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

    def _stream(self, path: str, body: dict[str, Any], shape: type[ShapeT]) -> Iterator[Progress | ShapeT]:
        timeout = httpx.Timeout(GENERATE_TIMEOUT_S, connect=2.0)
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream("POST", path, json=body, headers=headers, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise ApiProblem(_problem_of(response))
                if "text/event-stream" not in response.headers.get("content-type", ""):
                    yield self._one(shape, json.loads(response.read()))
                    return
                for event, payload in _server_sent_events(response.iter_lines()):
                    if event == "progress":
                        yield self._one(Progress, payload)
                    elif event == "result":
                        yield self._one(shape, payload)
                    elif event == "error":
                        fields = {"title": "No filter", "status": 422, **payload}
                        raise ApiProblem(self._one(Problem, fields))
        except httpx.TimeoutException as error:
            raise ApiUnreachable(self.base_url, f"no answer within {GENERATE_TIMEOUT_S:g} s") from error
        except httpx.TransportError as error:
            raise ApiUnreachable(self.base_url, str(error) or type(error).__name__) from error

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

    def scan(self, filter_code: str, interval: str, direction: str, trigger: str = "edge") -> HistoryOut:
        """Where a filter would have matched, over the candles held."""
        body = {"filter_code": filter_code, "interval": interval, "direction": direction, "trigger": trigger}
        payload = self._request("POST", "/filters/scan", body=body, timeout_s=SCAN_TIMEOUT_S)
        return self._one(HistoryOut, payload)

    def check(self, filter_code: str, interval: str, trigger: str = "edge") -> CheckOut:
        """What enabling a filter would find: look-ahead, how often it matches, cost and quota."""
        body = {"filter_code": filter_code, "interval": interval, "trigger": trigger}
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

    def create_strategy(self, strategy: StrategyIn) -> StrategyOut:
        """Store a strategy; `enabled` in it decides whether it runs.

        Raises ApiProblem 409 with the findings where it may not run, or not without `confirm`.
        """
        payload = self._request("POST", "/strategies", body=strategy, timeout_s=SCAN_TIMEOUT_S)
        return self._one(StrategyOut, payload)

    def enable_strategy(self, strategy_id: str, *, confirm: bool = False) -> StrategyOut:
        """Let a strategy run. Raises ApiProblem 409 with the findings, as `create_strategy` does."""
        path = f"/strategies/{strategy_id}/enable"
        payload = self._request("POST", path, body={"confirm": confirm}, timeout_s=SCAN_TIMEOUT_S)
        return self._one(StrategyOut, payload)

    def pause_strategy(self, strategy_id: str) -> StrategyOut:
        """Stop a strategy from firing."""
        return self._one(StrategyOut, self._request("POST", f"/strategies/{strategy_id}/pause"))

    def history(self, strategy_id: str) -> HistoryOut:
        """Where a stored strategy would have matched."""
        payload = self._request("GET", f"/strategies/{strategy_id}/history", timeout_s=SCAN_TIMEOUT_S)
        return self._one(HistoryOut, payload)

    # Signals

    def signals(
        self, limit: int = 50, cursor: str = "", strategy_id: str = "", symbol: str = "", status: str = ""
    ) -> SignalPage:
        """Signals, newest first."""
        wanted = {"cursor": cursor, "strategy_id": strategy_id, "symbol": symbol, "status": status}
        params: dict[str, str | int] = {name: value for name, value in wanted.items() if value}
        return self._one(SignalPage, self._request("GET", "/signals", params={"limit": limit, **params}))

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


def _server_sent_events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pairs of event name and JSON object of a `text/event-stream` body; comments are dropped."""
    event, data = "message", ""
    for line in lines:
        if not line:
            if data:
                yield event, json.loads(data)
            event, data = "message", ""
        elif line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
    if data:
        yield event, json.loads(data)
