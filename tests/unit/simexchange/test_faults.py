"""Faults of stream messages and the weights' bans, on a clock that moves when told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from simexchange.clock import VirtualClock
from simexchange.errors import ExchangeError
from simexchange.faults.injector import FaultInjector, StreamFaults
from simexchange.faults.payloads import malformed_answer, malformed_message
from simexchange.faults.script import parse_faults
from simexchange.weights import GRACE, WeightLimit

START = 1_795_271_040_000
MINUTE = 60_000


class Bench:
    """An injector with one hub's door, and what came out of it in order."""

    def __init__(self, *faults: dict[str, Any], seed: int = 7) -> None:
        self.clock = VirtualClock(START, 0.0)
        self.injector = FaultInjector(self.clock, seed, parse_faults(list(faults), START))
        self.out: list[str] = []
        self.door: StreamFaults = self.injector.streams("spot", lambda stream, payload: self.out.append(payload))

    def send(self, payload: str, symbol: str = "BTCUSDT", closed: bool = True, interval: str = "1m") -> None:
        stream = f"{symbol.lower()}@kline_{interval}"
        self.out.extend(self.door.message(stream, symbol, payload, "kline", closed))

    async def advance(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1000))
        for _ in range(20):
            await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.injector.run())
        await self.advance(0)
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def kline(close: str = "100.00000000", symbol: str = "BTCUSDT") -> str:
    candle = {"t": START, "s": symbol, "i": "1m", "o": "99.00000000", "c": close, "h": "101.00000000"}
    return json.dumps({"e": "kline", "k": {**candle, "l": "98.00000000", "v": "5.00000000", "x": True}})


async def test_without_faults_everything_passes() -> None:
    bench = Bench()
    bench.send("a")
    assert bench.out == ["a"] and bench.injector.idle


async def test_a_fault_is_on_from_its_time_for_its_time_and_again() -> None:
    bench = Bench({"kind": "duplicate", "at": 60, "for": 30, "every": 120})
    seen = []
    for _ in range(9):
        bench.out.clear()
        bench.send("a")
        seen.append(len(bench.out))
        bench.clock.advance(30_000)
    assert seen == [1, 1, 2, 1, 1, 1, 2, 1, 1]


async def test_symbols_streams_venue_and_count_choose() -> None:
    bench = Bench(
        {"kind": "duplicate", "symbols": ["ETHUSDT"], "target": "*@kline_1m", "count": 2},
        {"kind": "duplicate", "venue": "usdm"},
    )
    bench.send("b")
    bench.send("5", "ETHUSDT", interval="5m")
    for text in "efg":
        bench.send(text, "ETHUSDT")
    assert "".join(bench.out) == "b5eeffg"


async def test_chance_is_the_seeds() -> None:
    def struck(seed: int) -> list[int]:
        bench = Bench({"kind": "duplicate", "probability": 0.5}, seed=seed)
        numbers = []
        for number in range(200):
            bench.out.clear()
            bench.send(str(number))
            numbers.append(len(bench.out))
        return numbers

    assert struck(1) == struck(1) != struck(2)
    assert 60 < struck(1).count(2) < 140


async def test_reordered_messages_change_places_and_none_is_lost() -> None:
    bench = Bench({"kind": "reorder", "count": 1, "every": 600})
    async with bench.running():
        bench.send("1")
        bench.send("x", "ETHUSDT")
        bench.send("2")
        bench.send("3")
        assert bench.out == ["x", "2", "1", "3"]
        bench.out.clear()
        await bench.advance(600)
        bench.send("4")
        assert bench.out == []
        await bench.advance(91)
        assert bench.out == ["4"]


async def test_a_late_close_comes_after_its_seconds() -> None:
    bench = Bench({"kind": "late_close", "late": 20})
    async with bench.running():
        bench.send("forming", closed=False)
        bench.send("closed")
        assert bench.out == ["forming"]
        await bench.advance(19)
        assert bench.out == ["forming"]
        await bench.advance(1)
        assert bench.out == ["forming", "closed"]


async def test_a_late_close_comes_with_the_next_trade() -> None:
    bench = Bench({"kind": "late_close", "late": "trade"})
    bench.send("closed")
    bench.clock.advance(600_000)
    bench.send("other", "ETHUSDT", closed=False)
    assert bench.out == ["other"]
    bench.send("next", closed=False)
    assert bench.out == ["other", "closed", "next"]


async def test_a_wrong_candle_is_corrected_later() -> None:
    bench = Bench({"kind": "wrong_candle", "for": 10, "correct_after": 30})
    async with bench.running():
        right = kline()
        bench.send(right)
        (text,) = bench.out
        wrong = json.loads(text)["k"]
        assert float(wrong["c"]) > 101 and wrong["h"] == wrong["c"] and float(wrong["v"]) > 5
        assert (wrong["t"], wrong["o"], wrong["l"]) == (START, "99.00000000", "98.00000000")
        await bench.advance(30)
        assert bench.out == [text, right]


async def test_what_is_held_back_is_sent_when_faults_are_taken_back() -> None:
    bench = Bench({"kind": "late_close", "late": 600}, {"kind": "late_close", "late": "trade", "target": "eth*@*"})
    async with bench.running():
        bench.send("a")
        bench.send("b", "ETHUSDT")
        assert bench.out == [] and bench.injector.state()["held_back"] == 2
        assert bench.injector.clear(1) == 1 and bench.injector.clear() == 1
        assert sorted(bench.out) == ["a", "b"] and bench.injector.idle


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_malformed_messages_differ_from_what_they_were(share: float) -> None:
    right = kline()
    assert malformed_message(right, "any", share) != right
    with pytest.raises(json.JSONDecodeError):
        json.loads(malformed_message(right, "broken", share))
    assert json.loads(malformed_message(right, "unknown", share))["e"] != "kline"
    assert json.loads(malformed_message(right, "null", share))["k"]["c"] is None
    assert float(json.loads(malformed_message(right, "zero", share))["k"]["o"]) == 0.0
    body = '[[60000,"1.00","3.00","1.00","2.00","1.00",119999,"1.00",1,"1.00","1.00","0"]]'
    assert malformed_answer(body, "any", share) != body
    assert json.loads(malformed_answer(body, "null", share))[0][:3] == [60000, None, None]
    assert json.loads(malformed_answer(body, "zero", share))[0][4] == "0.00000000"
    tickers = f"[{kline()}]"
    assert json.loads(malformed_message(tickers, "zero", share))[0]["k"]["c"] == "0.00000000"


async def test_the_clock_is_told_wrongly_for_a_time() -> None:
    bench = Bench({"kind": "clock_skew", "at": 60, "for": 60, "seconds": -3600})
    async with bench.running():
        assert bench.clock.told_ms() == START
        await bench.advance(60)
        assert bench.clock.told_ms() == bench.clock.now_ms() - 3_600_000
        await bench.advance(60)
        assert bench.clock.told_ms() == START + 120_000


def refusal(limit: WeightLimit, weight: int = 10) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        limit.spend("me", weight)
    return caught.value


def test_going_on_after_429_brings_bans_that_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simexchange.weights.time", SimpleNamespace(time=lambda: 120.0))
    clock = VirtualClock(START, 0.0)
    limit = WeightLimit(100, clock)
    for _ in range(10):
        limit.spend("me", 10)
    for _ in range(GRACE):
        error = refusal(limit)
        assert (error.status, error.code) == (429, -1003) and "current limit is 100 request weight" in error.message
        assert limit.retry_after("me") == 60
    bans = []
    for _ in range(7):
        error = refusal(limit)
        while error.status == 429:
            error = refusal(limit)
        until = int(error.message.split("banned until ")[1].split(".")[0])
        assert error.status == 418 and refusal(limit).message == error.message
        limit.spend("you", 10)
        bans.append((until - clock.now_ms()) // MINUTE)
        assert limit.retry_after("me") == bans[-1] * 60
        clock.advance(until - clock.now_ms())
    assert bans == [2, 8, 32, 128, 512, 2048, 4320]


def test_a_new_minute_brings_new_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [120.0]
    monkeypatch.setattr("simexchange.weights.time", SimpleNamespace(time=lambda: now[0]))
    limit = WeightLimit(100, VirtualClock(START, 0.0))
    limit.spend("me", 100)
    assert refusal(limit).status == 429
    now[0] = 180.0
    limit.spend("me", 100)
    assert limit.used("me") == 100


async def test_a_pause_ends_when_the_clock_is_moved() -> None:
    clock = VirtualClock(START, 0.0)
    assert clock.real_seconds_until(START + 1) == float("inf")
    pause = asyncio.create_task(clock.pause(60.0))
    await asyncio.sleep(0)
    clock.advance(5)
    await asyncio.wait_for(pause, 5)
    assert clock.now_ms() == START + 5
    clock.set_speed(3_600.0)
    await clock.pause(0.01)
    assert clock.now_ms() > START + 5
    with pytest.raises(ValueError, match="speed must be 0"):
        clock.set_speed(-1)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
