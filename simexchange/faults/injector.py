"""The doors through which faults enter: one for REST, one for the stream messages of each venue.

1. A hub asks once, when it is made, for its door: `faults.streams("spot", self._put)`, where `_put(stream,
   payload)` queues a message to that stream's readers without asking again.
2. It makes its sockets with `door.socket(request)` and, once it knows them, sets `socket.streams`.
3. For each outgoing message it calls `door.message(...)` in one place and queues what comes back. What is held
   back comes later by itself, through `_put`.
4. The server's outermost middleware calls `rest` before a request and `answer` after it.
5. `run` begins and ends what concerns connections and the server, and sends what was held back.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from aiohttp import web

from simexchange.clock import VirtualClock
from simexchange.errors import ExchangeError, banned, timed_out, too_many_requests, unavailable
from simexchange.faults import payloads
from simexchange.faults.running import NEVER, Running, venue_of
from simexchange.faults.script import Fault
from simexchange.faults.sockets import FaultySocket

Put = Callable[[str, str], None]
"""Queues a payload to the readers of a stream."""
Restart = Callable[[float], Awaitable[None]]
"""Goes away for so many real seconds and comes back."""
_CANDLES = ("/klines", "/uiKlines")
_LONGEST_REORDER_MS = 90_000


class StreamFaults:
    """The door of one venue's stream hub."""

    def __init__(self, venue: str, put: Put, injector: FaultInjector) -> None:
        self.venue = venue
        self.put = put
        self.sockets: dict[FaultySocket, None] = {}
        self._injector = injector

    def message(self, stream: str, symbol: str, payload: str, kind: str, closed: bool) -> Sequence[str]:
        """What to queue now in place of one message: usually itself, nothing while it is held back.

        `kind` is the stream's (kline, trade, miniTicker, ...), `symbol` in capitals or empty where a message is
        about many, `closed` true for the last message of a candle.
        """
        if self._injector.idle:
            return (payload,)
        return self._injector.message(self, stream, symbol, payload, kind, closed)

    def socket(self, request: web.Request) -> FaultySocket:
        """A WebSocket for this request, which pings by itself and may go silent.

        Raises HTTPServiceUnavailable while connections are being dropped.
        """
        self._injector.admit(self.venue, request)
        socket = FaultySocket(lambda gone: self.sockets.pop(gone, None))
        self.sockets[socket] = None
        return socket


class FaultInjector:
    """All faults of an exchange; without any, everything passes as it is."""

    def __init__(self, clock: VirtualClock, seed: int = 7, faults: Iterable[Fault] = ()) -> None:
        self._clock = clock
        self._seed = seed
        self._running: list[Running] = []
        self._numbers = 0
        self._begun: dict[Running, int] = {}
        self._struck: dict[Running, list[FaultySocket]] = {}
        self._later: list[tuple[int, int, StreamFaults, str, str]] = []
        self._sequence = 0
        self._until_trade: dict[tuple[StreamFaults, str], list[str]] = {}
        self._swapped: dict[tuple[StreamFaults, str], str] = {}
        self._wrong: dict[tuple[str, str, str, int], tuple[int, float]] = {}
        self._skewing: Running | None = None
        self._changed = asyncio.Event()
        self.doors: list[StreamFaults] = []
        self.on_restart: Restart | None = None
        self.add(faults)

    # What is set

    @property
    def idle(self) -> bool:
        """True where nothing can happen to a message."""
        return not self._running and not self._later and not self._until_trade

    def streams(self, venue: str, put: Put) -> StreamFaults:
        """The door of a hub; `venue` is spot or usdm."""
        door = StreamFaults(venue, put, self)
        self.doors.append(door)
        return door

    def add(self, faults: Iterable[Fault]) -> list[int]:
        """Let these happen too; returns their numbers."""
        numbers = []
        for fault in faults:
            self._numbers += 1
            numbers.append(self._numbers)
            self._running.append(Running(fault, self._numbers, self._seed))
        self._changed.set()
        return numbers

    def clear(self, number: int | None = None) -> int:
        """Take back one fault, or all; returns how many. What they began ends, what they held back is sent."""
        gone = [one for one in self._running if number in (None, one.number)]
        self._running = [one for one in self._running if one not in gone]
        for one in gone:
            self._end(one)
        if not self._running:
            self._wrong.clear()
            self._release()
        self._changed.set()
        return len(gone)

    def state(self) -> dict[str, Any]:
        """What is set, what has happened, what is held back; in JSON."""
        now = self._clock.now_ms()
        connections: dict[str, list[int]] = {}
        for door in self.doors:
            connections.setdefault(door.venue, []).extend(len(one.streams) for one in door.sockets)
        return {
            "seed": self._seed,
            "faults": [one.row(now) for one in self._running],
            "held_back": len(self._later) + len(self._swapped) + sum(map(len, self._until_trade.values())),
            "connections": connections,
        }

    # Streams

    def admit(self, venue: str, request: web.Request) -> None:
        """Refuse a connection while such are dropped. Raises HTTPServiceUnavailable."""
        now = self._clock.now_ms()
        for one in self._running:
            if one.fault.kind == "drop" and one.on(now):
                names = request.query.get("streams", "") or request.match_info.get("streams", "")
                if one.about_connection(venue, names.split("/")) and one.strikes(now):
                    raise web.HTTPServiceUnavailable

    def message(
        self, door: StreamFaults, stream: str, symbol: str, payload: str, kind: str, closed: bool
    ) -> Sequence[str]:
        """See `StreamFaults.message`."""
        now = self._clock.now_ms()
        key = (door, stream)
        first = [] if closed else self._until_trade.pop(key, [])
        out = [payload]
        swap = False
        for one in self._running:
            if one.fault.kind not in _MESSAGES or not one.on(now) or not one.about_stream(door.venue, stream, symbol):
                continue
            if one.fault.kind in ("late_close", "wrong_candle") and not (closed and kind == "kline"):
                continue
            if not one.strikes(now, stream, payload):
                continue
            match one.fault.kind:
                case "duplicate":
                    out = [*out, *out]
                case "reorder":
                    swap = True
                case "malformed":
                    spoilt = payloads.malformed_message(payload, str(one.fault.options["shape"]), one.share(payload))
                    out = [spoilt] if one.fault.flag("instead") else [*out, spoilt]
                case "wrong_candle":
                    out = [self._falsify(one, door, symbol, text, stream, now) for text in out]
                case _:
                    self._hold(one, door, stream, out, now)
                    out = []
        held = self._swapped.pop(key, None)
        if held is not None:
            # The one held back comes after the one that overtook it.
            out = [*out, held]
        elif swap and len(out) == 1:
            self._swapped[key] = out.pop()
            # Where nothing overtakes it, it comes by itself.
            self._send_later(now + _LONGEST_REORDER_MS, door, stream, "")
        return [*first, *out]

    def _hold(self, one: Running, door: StreamFaults, stream: str, texts: list[str], now: int) -> None:
        if one.fault.options["late"] == "trade":
            self._until_trade.setdefault((door, stream), []).extend(texts)
            return
        for text in texts:
            self._send_later(now + round(one.fault.number("late") * 1000), door, stream, text)

    def _falsify(self, one: Running, door: StreamFaults, symbol: str, text: str, stream: str, now: int) -> str:
        share = one.share(text)
        after = now + round(one.fault.number("correct_after") * 1000)
        if one.fault.flag("corrected"):
            self._send_later(after, door, stream, text)
        if one.fault.flag("rest"):
            kline = json.loads(text)["k"]
            self._wrong[door.venue, symbol, kline["i"], kline["t"]] = (after, share)
        return payloads.wrong_candle(text, share)

    def _send_later(self, due: int, door: StreamFaults, stream: str, text: str) -> None:
        self._sequence += 1
        heapq.heappush(self._later, (due, self._sequence, door, stream, text))
        self._changed.set()

    def _send_due(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, _, door, stream, text = heapq.heappop(self._later)
            if not text:
                text = self._swapped.pop((door, stream), "")
            if text:
                door.put(stream, text)

    def _release(self) -> None:
        self._send_due(math.inf)
        for (door, stream), texts in self._until_trade.items():
            for text in texts:
                door.put(stream, text)
        self._until_trade.clear()

    # REST

    async def rest(self, request: web.Request) -> web.StreamResponse | None:
        """An answer in place of the exchange's own; None to carry the request out."""
        if not self._running or not _is_rest(request):
            return None
        now = self._clock.now_ms()
        for one in self._running:
            if one.fault.kind not in _REFUSALS or not one.on(now) or not one.about_request(request):
                continue
            if one.strikes(now):
                return self._refusal(one, now)
        return None

    def _refusal(self, one: Running, now: int) -> web.Response:
        until = one.until(one.turn(now))
        # Whole seconds, and not so few that coming back in time is punished.
        wait = max(1, math.ceil(self._clock.real_seconds((until - now) / 1000)))
        if one.fault.kind == "rate_limit":
            return answer_of(too_many_requests(), wait)
        if one.fault.kind == "ban":
            return answer_of(banned(until), wait)
        status = round(one.fault.number("status"))
        if status in (502, 504):
            # What stands before the exchange answers, not the exchange.
            return web.Response(text=f"<html><body><h1>{status}</h1></body></html>", status=status)
        return answer_of(unavailable(status))

    async def answer(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """What is sent for the answer that a request has; where the connection is cut, nobody gets it."""
        if not (self._running or self._wrong) or not _is_rest(request) or not isinstance(response, web.Response):
            return response
        now = self._clock.now_ms()
        self._falsify_answer(request, response, now)
        for one in self._running:
            if one.fault.kind not in _ANSWERS or not one.on(now) or not one.about_request(request):
                continue
            if not one.strikes(now):
                continue
            if one.fault.kind == "malformed":
                shape = str(one.fault.options["shape"])
                spoilt = payloads.malformed_answer(response.text or "", shape, one.share(one.fired))
                return web.Response(text=spoilt, status=response.status, content_type=response.content_type)
            if one.fault.options["answer"] == "-1007":
                return answer_of(timed_out())
            await self._clock.pause(self._clock.real_seconds(one.fault.number("hang")))
            if request.transport is not None:
                request.transport.abort()
        return response

    def _falsify_answer(self, request: web.Request, response: web.Response, now: int) -> None:
        if not self._wrong or not request.path.endswith(_CANDLES) or response.status != 200:
            return
        venue, symbol = venue_of(request.path), request.query.get("symbol", "").upper()
        interval = request.query.get("interval", "")
        self._wrong = {key: value for key, value in self._wrong.items() if value[0] > now}
        falsified = {key[3]: value[1] for key, value in self._wrong.items() if key[:3] == (venue, symbol, interval)}
        if not falsified:
            return
        rows: list[list[Any]] = json.loads(response.text or "[]")
        for row in rows:
            if row[0] in falsified:
                payloads.wrong_row(row, falsified[row[0]])
        response.text = json.dumps(rows, separators=(",", ":"))

    # Connections and the server

    def cut(self) -> None:
        """Cut every stream connection."""
        for door in self.doors:
            for socket in list(door.sockets):
                socket.drop()

    async def run(self) -> None:
        """Begin and end faults, and send what was held back, until cancelled."""
        while True:
            self._changed.clear()
            now = self._clock.now_ms()
            for one in list(self._running):
                await self._follow(one, now)
            self._send_due(now)
            moments = [moment for one in self._running if (moment := one.next_ms(now)) is not None]
            if self._later:
                moments.append(self._later[0][0])
            wait = self._clock.real_seconds_until(min(moments)) if moments else math.inf
            await self._wait(max(wait, 0.001))

    async def _wait(self, seconds: float) -> None:
        """Return after so many real seconds, or when the faults or the clock were changed."""
        changed = asyncio.create_task(self._changed.wait())
        paused = asyncio.create_task(self._clock.pause(min(seconds, 3_600.0)))
        try:
            await asyncio.wait((changed, paused), return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            paused.cancel()

    async def _follow(self, one: Running, now: int) -> None:
        """Begin or end one fault as the time says."""
        if one.fault.kind not in _EVENTS:
            return
        turn = one.turn(now)
        if turn != self._begun.get(one, NEVER):
            # A moment that a jump of the clock passed over happens all the same.
            self._end(one)
            self._begun[one] = turn
            await self._begin(one, now)
        if not one.on(now):
            self._end(one)

    async def _begin(self, one: Running, now: int) -> None:
        fault = one.fault
        if fault.kind == "clock_skew":
            if one.strikes(now):
                self._skewing = one
                self._clock.skew_ms = round(fault.number("seconds") * 1000)
        elif fault.kind == "restart":
            if one.strikes(now) and self.on_restart is not None:
                await self.on_restart(self._clock.real_seconds(fault.for_ms / 1000))
        else:
            sockets = [s for door in self.doors for s in door.sockets if one.about_connection(door.venue, s.streams)]
            most = round(fault.number("connections")) or len(sockets)
            turn = one.turn(now)
            order = sorted(range(len(sockets)), key=lambda index: one.share("connection", turn, index))
            chosen = [sockets[index] for index in order[:most] if one.strikes(now, index)]
            self._struck[one] = chosen
            for socket in chosen:
                if fault.kind == "drop":
                    socket.drop()
                else:
                    socket.silence(pings=fault.kind == "stall" and fault.flag("pings"))

    def _end(self, one: Running) -> None:
        if one is self._skewing:
            self._skewing = None
            self._clock.skew_ms = 0
        for socket in self._struck.pop(one, []):
            if one.fault.kind == "half_open":
                # A peer that is gone does not come back; at last TCP notices.
                socket.drop()
            else:
                socket.recover()


_MESSAGES = frozenset({"duplicate", "reorder", "late_close", "wrong_candle", "malformed"})
_REFUSALS = frozenset({"rate_limit", "ban", "server_error"})
_ANSWERS = frozenset({"timeout_after_accept", "malformed"})
_EVENTS = frozenset({"drop", "stall", "half_open", "clock_skew", "restart"})


def answer_of(error: ExchangeError, retry_after: int | None = None) -> web.Response:
    """An error as Binance answers it; `retry_after` in real seconds."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response({"code": error.code, "msg": error.message}, status=error.status, headers=headers)


def _is_rest(request: web.Request) -> bool:
    return not request.path.startswith("/sim/") and "Upgrade" not in request.headers
