"""Streams kept open for ever, against a real WebSocket server on loopback and against a scripted source."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from market.binance import BinanceSource
from market.clock import ScaledClock, SystemClock
from market.connections import Spread
from market.source import Traffic
from market.subscriptions import Subscriptions
from market.types import Candle, Price, SourceUnavailable
from tests.unit.market.market_fake import T0, FakeSource, ManualClock, candle
from tests.unit.market.stream_server import Peer, StreamServer, kline, until

NAMES = [f"S{n}USDT" for n in range(6)]


class TimedSource(BinanceSource):
    """Binance's streams; the time comes from the test."""

    def __init__(self, url: str) -> None:
        super().__init__(url.replace("ws", "http"), url)
        self.told: Callable[[], int] = lambda: T0

    async def server_time_ms(self) -> int:
        if self.told() < 0:
            raise SourceUnavailable("no time")
        return self.told()


class Followed:
    """Subscriptions to a server, and what they handed on."""

    def __init__(self, server: StreamServer) -> None:
        self.server = server
        self.source = TimedSource(server.url)
        self.candles: list[Candle] = []
        self.prices: list[Price] = []
        self.backs = 0
        self.subscriptions = Subscriptions(
            self.source,
            ScaledClock(T0, 1.0),
            self.candles.append,
            self.prices.append,
            self._back,
            chance=lambda: 0.0,
            per_connection=3,
        )
        self.tasks: list[asyncio.Task[None]] = []

    def _back(self) -> None:
        self.backs += 1

    def start(self, symbols: list[str]) -> None:
        self.tasks = [asyncio.create_task(work) for work in self.subscriptions.works(symbols)]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.source.aclose()

    def carriers(self, symbol: str) -> list[Peer]:
        return [peer for peer in self.server.live if f"{symbol.lower()}@kline_1m" in peer.streams]

    async def open(self, symbol: str) -> Peer:
        await until(lambda: self.carriers(symbol))
        return self.carriers(symbol)[-1]

    def report(self, name: str) -> dict[str, object]:
        return next(one for one in self.subscriptions.report()["connections"] if one["name"] == name)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.subscriptions.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("market.subscriptions.OVERLAP_S", 0.05)
    monkeypatch.setattr("market.connections.LOOK_S", 0.01)


@pytest.fixture
async def server() -> AsyncIterator[StreamServer]:
    server = StreamServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def followed(server: StreamServer) -> AsyncIterator[Followed]:
    followed = Followed(server)
    yield followed
    await followed.stop()


def of(peer: Peer) -> str:
    return json.dumps(
        {"stream": "!miniTicker@arr", "data": [{"s": "S0USDT", "c": "5", "E": 1}, {"s": "A", "c": "0", "E": 1}]}
    )


async def test_symbols_are_spread_and_everything_arrives(followed: Followed) -> None:
    followed.start(NAMES)
    await until(lambda: len(followed.server.live) == 3)
    carried = sorted(peer.streams for peer in followed.server.live)
    assert [len(streams) for streams in carried] == [1, 3, 3]
    assert sorted(name for streams in carried for name in streams) == sorted(
        ["!miniTicker@arr", *(f"{name.lower()}@kline_1m" for name in NAMES)]
    )
    for peer in followed.server.live:
        await peer.send(of(peer) if len(peer.streams) == 1 else kline("S0USDT"))
    await until(lambda: followed.prices and followed.subscriptions.duplicates == 1)
    assert [c.symbol for c in followed.candles] == ["S0USDT"]
    assert followed.prices == [Price("S0USDT", 5.0, 1)]
    report = followed.report("prices")
    assert report["open"] is True and report["messages"] == 1 and report["reconnects"] == 0


async def test_who_is_cancelled_while_a_connection_takes_over_leaves_none_open() -> None:
    class Slow(FakeSource):
        """Connections that take their time to close."""

        opened = closing = closed = 0

        async def stream_candles(
            self, symbols: Sequence[str], interval: str, traffic: Traffic | None = None
        ) -> AsyncGenerator[Candle, None]:
            assert traffic is not None
            traffic.opened, traffic.messages = time.monotonic(), 1
            self.opened += 1
            try:
                while True:
                    await asyncio.sleep(3600)
                    yield candle("S0USDT", "1m", T0)
            finally:
                self.closing += 1
                try:
                    await asyncio.sleep(5)
                finally:
                    self.closed += 1

    clock = ManualClock(T0)
    source = Slow(clock, ["S0USDT"])
    kept = Subscriptions(source, clock, lambda _: None, lambda _: None, lambda: None, lifetime_s=0.0)
    works = [asyncio.create_task(work) for work in kept.works(["S0USDT"])]
    await until(lambda: source.closing)
    assert source.opened == 2
    for work in works:
        work.cancel()
    await until(lambda: source.closing == 2)
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
    assert source.closed == 2


async def test_a_dropped_connection_is_opened_again_after_growing_pauses(followed: Followed) -> None:
    followed.start(["S0USDT"])
    peer = await followed.open("S0USDT")
    await peer.send(kline("S0USDT"))
    await until(lambda: followed.candles)
    followed.server.refuse = lambda: (503, {})
    await peer.drop()
    refused = followed.server.attempts
    # python-binance would have given up after five.
    await until(lambda: followed.server.attempts >= refused + 7)
    assert followed.report("candles 1")["open"] is False and "503" in str(followed.report("candles 1")["reason"])
    followed.server.refuse = lambda: None
    peer = await followed.open("S0USDT")
    await peer.send(kline("S0USDT", 120_000))
    await until(lambda: len(followed.candles) == 2)
    report = followed.report("candles 1")
    assert report["open"] is True and report["messages"] == 2 and int(str(report["reconnects"])) >= 7
    assert followed.backs >= 7 and followed.subscriptions.reconnects >= 7


async def test_a_source_that_does_not_tell_the_time_is_opened_all_the_same(followed: Followed) -> None:
    followed.source.told = lambda: -1
    followed.start(["S0USDT"])
    await (await followed.open("S0USDT")).drop()
    await (await followed.open("S0USDT")).send(kline("S0USDT"))
    await until(lambda: followed.candles)
    assert followed.backs == 0 and followed.subscriptions.reconnects == 1


async def test_a_connection_is_replaced_without_a_gap_and_twice_sent_is_once_handed_on(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Minutes pass in milliseconds here, so one connection may be many of them behind the other.
    monkeypatch.setattr("market.subscriptions.KEPT_CANDLES", 10_000)
    monkeypatch.setattr("market.subscriptions.OVERLAP_S", 0.4)
    followed.subscriptions._lifetime_s = 0.3
    followed.start(["S0USDT"])
    sent = 0
    minutes = iter(range(1, 10_000))
    async with asyncio.timeout(20):
        while int(str(followed.report("candles 1")["replaced"])) < 3:
            minute = next(minutes)
            assert followed.carriers("S0USDT") or not sent, "for a moment nobody carried the symbol"
            if carriers := followed.carriers("S0USDT"):
                sent += 1
                for peer in carriers:
                    # The older of two may be closed at any moment; the other then has it.
                    with suppress(*([ConnectionClosed] if len(carriers) > 1 else [])):
                        await peer.send(kline("S0USDT", 60_000 * minute))
            await asyncio.sleep(0.005)
    await until(lambda: len(followed.candles) == sent)
    opens = [candle.open_time for candle in followed.candles]
    assert opens == sorted(set(opens)) and followed.subscriptions.duplicates > 0
    assert followed.subscriptions.reconnects == 0 and followed.backs == 0
    followed.subscriptions._lifetime_s = 1000.0
    await until(lambda: len(followed.carriers("S0USDT")) == 1)


async def test_a_connection_about_to_be_shut_down_is_replaced_before(followed: Followed) -> None:
    followed.start(["S0USDT"])
    peer = await followed.open("S0USDT")
    await peer.send(kline("S0USDT"), json.dumps({"e": "serverShutdown", "E": 1}))
    await until(lambda: len(followed.carriers("S0USDT")) == 2)
    assert not peer.over.is_set()
    await followed.carriers("S0USDT")[-1].send(kline("S0USDT", 120_000))
    await until(peer.over.is_set)
    assert len(followed.candles) == 2 and followed.subscriptions.reconnects == 0


async def test_an_old_connection_stays_when_the_next_cannot_be_opened(followed: Followed) -> None:
    followed.start(["S0USDT"])
    peer = await followed.open("S0USDT")
    followed.server.refuse = lambda: (503, {})
    attempts = followed.server.attempts
    await peer.send(json.dumps({"e": "serverShutdown", "E": 1}))
    await until(lambda: followed.server.attempts > attempts)
    await peer.send(kline("S0USDT"))
    await until(lambda: followed.candles)
    assert not peer.over.is_set() and followed.report("candles 1")["replaced"] == 0


async def test_symbols_join_and_leave_while_running(followed: Followed) -> None:
    followed.start(NAMES[:4])
    first = await followed.open("S0USDT")
    followed.subscriptions.follow([*NAMES[1:4], "NEWUSDT"])
    new = await followed.open("NEWUSDT")
    await new.send(kline("NEWUSDT"))
    await until(lambda: followed.candles)
    await until(lambda: not followed.carriers("S0USDT") or first in followed.server.live)
    followed.subscriptions.follow(["NEWUSDT"])
    await until(lambda: sum(len(peer.streams) > 1 or "kline" in peer.streams[0] for peer in followed.server.live) == 1)
    assert [one["symbols"] for one in followed.subscriptions.report()["connections"]] == [1, 0]
    assert followed.subscriptions.reconnects == 0


async def test_a_correction_is_handed_on_and_an_old_version_is_not(followed: Followed) -> None:
    followed.start(["S0USDT"])
    peer = await followed.open("S0USDT")
    await peer.send(kline("S0USDT"), kline("S0USDT", c="2.5"), kline("S0USDT"), kline("S0USDT", 120_000))
    await until(lambda: len(followed.candles) == 3)
    assert [(c.open_time, c.close) for c in followed.candles] == [(60_000, 2.0), (60_000, 2.5), (120_000, 2.0)]


async def test_a_fault_of_the_reader_ends_the_work(followed: Followed) -> None:
    def broken(_: Candle) -> None:
        raise ZeroDivisionError

    followed.subscriptions._on_candle = broken
    followed.start(["S0USDT"])
    await (await followed.open("S0USDT")).send(kline("S0USDT"))
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(followed.tasks[0], 20)


async def test_the_clock_follows_the_source_and_jumps_are_recorded(caplog: pytest.LogCaptureFixture) -> None:
    source = FakeSource(ManualClock(T0), ["AAAUSDT"])
    clock = SystemClock()
    followed = Subscriptions(source, clock, print, print, lambda: None)
    assert await followed.set_clock()
    # The first time is no jump, however far off the machine is.
    assert abs(clock.now_ms() - T0) < 5000 and followed.clock_jumps == 0
    source.clock.now = T0 + 3_600_000
    assert await followed.set_clock()
    assert abs(clock.now_ms() - T0 - 3_600_000) < 5000
    assert followed.clock_jumps == 1 and abs(followed.last_jump_ms - 3_600_000) < 5000
    assert "clock was set by +" in caplog.text
    source.down = True
    assert not await followed.set_clock()
    assert followed.report()["clock"]["jumps"] == 1


async def test_the_journey_of_the_question_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("market.subscriptions.time.monotonic", lambda: now)
    monkeypatch.setattr("market.clock.time.monotonic", lambda: now)
    source = FakeSource(ManualClock(T0), ["AAAUSDT"])
    told = iter((T0, T0 + 35_000, T0 + 200_000))

    async def slow() -> int:
        nonlocal now
        now += 3.0
        return next(told)

    monkeypatch.setattr(source, "server_time_ms", slow)
    clock = ScaledClock(0, 10.0)
    followed = Subscriptions(source, clock, print, print, lambda: None)
    await followed.set_clock()
    assert clock.now_ms() == T0 + 15_000
    # T0 + 50 s by the middle of the journey, T0 + 45 s by the clock: the journey explains the difference.
    await followed.set_clock()
    assert clock.now_ms() == T0 + 45_000 and followed.clock_jumps == 0
    await followed.set_clock()
    assert clock.now_ms() == T0 + 215_000
    assert (followed.clock_jumps, followed.last_jump_ms) == (1, 140_000)


async def _unused(symbols: object, traffic: object) -> None:
    raise AssertionError


def test_who_stays_stays_and_who_joins_goes_where_there_is_room() -> None:
    spread = Spread(3, _unused)
    spread.assign(list("abcdefgh"))
    assert [one.symbols for one in spread.connections] == [("a", "d", "g"), ("b", "e", "h"), ("c", "f")]
    kept = list(spread.connections)
    spread.assign(list("abcefghij"))
    assert [one.symbols for one in spread.connections] == [("a", "g", "i"), ("b", "e", "h"), ("c", "f", "j")]
    assert spread.connections == kept
    spread.assign(list("abcefghijk"))
    assert [one.name for one in spread.connections] == ["candles 1", "candles 2", "candles 3", "candles 4"]
    assert spread.connections[3].symbols == ("k",)
    spread.assign(["k"])
    assert [one.symbols for one in spread.connections] == [("k",)]
    with pytest.raises(ValueError, match="at least one symbol"):
        Spread(0, _unused)
