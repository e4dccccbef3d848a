"""One stream of prices, many viewers: who gets what, what a slow one gets, and what a break does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from app import prices
from app.market_client import MarketClient, MarketUnavailable, PriceLine
from app.prices import PriceBoard, PriceReader, TooManyReaders


class Upstream:
    """The worker's stream: lines put in come out; None breaks it."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[PriceLine | None] = asyncio.Queue()
        self.opened = 0

    async def prices(self) -> AsyncIterator[PriceLine]:
        self.opened += 1
        while (line := await self.lines.get()) is not None:
            yield line
        raise MarketUnavailable("broken")

    def send(self, *gone: str, **changed: float) -> None:
        self.lines.put_nowait(PriceLine([(symbol, price, 1_000) for symbol, price in changed.items()], list(gone)))


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
async def board(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PriceBoard]:
    monkeypatch.setattr(prices, "FIRST_PAUSE_S", 0.01)
    followed = PriceBoard(cast(MarketClient, upstream))
    task = asyncio.create_task(followed.run())
    yield followed
    task.cancel()


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def quotes(reader: PriceReader) -> dict[str, float]:
    """Prices of the next event that has some."""
    async with asyncio.timeout(20):
        while True:
            for kind, text in await reader.take(5):
                if kind == "quotes":
                    return {item["symbol"]: item["price"] for item in json.loads(text)["items"]}


async def test_viewers_get_their_symbols_and_share_one_stream(upstream: Upstream, board: PriceBoard) -> None:
    upstream.send(A=1.0, B=2.0, C=3.0)
    await until(lambda: board.live)
    with board.read(["A", "C"]) as some, board.read() as every, board.read(["NOPE"]) as none:
        assert await quotes(some) == {"A": 1.0, "C": 3.0}
        assert await quotes(every) == {"A": 1.0, "B": 2.0, "C": 3.0}
        upstream.send(B=2.5)
        assert await quotes(every) == {"B": 2.5}
        upstream.send(A=1.5, B=2.6)
        assert await quotes(some) == {"A": 1.5}
        assert [kind for kind, _ in await none.take(0.01)] == ["state"]
        assert board.readers == 3
    assert board.readers == 0
    assert upstream.opened == 1


async def test_a_slow_viewer_gets_the_newest_price_of_each_symbol(upstream: Upstream, board: PriceBoard) -> None:
    upstream.send(A=0.0, B=0.0)
    await until(lambda: board.live)
    with board.read() as slow:
        for n in range(1, 2001):
            upstream.send(A=float(n))
        upstream.send(B=-1.0)
        await until(lambda: board.quotes["B"].price == -1.0)
        assert slow.waiting == 2
        assert await quotes(slow) == {"A": 2000.0, "B": -1.0}
        assert await slow.take(0.01) == []


async def test_what_waits_for_one_viewer_is_not_changed_by_another(upstream: Upstream, board: PriceBoard) -> None:
    upstream.send(A=1.0)
    await until(lambda: board.live)
    with board.read() as quick, board.read() as slow:
        await quotes(quick)
        upstream.send(A=2.0)
        assert await quotes(quick) == {"A": 2.0}
        upstream.send(B=3.0)
        assert await quotes(quick) == {"B": 3.0}
        assert await quotes(slow) == {"A": 2.0, "B": 3.0}


async def test_a_break_is_told_and_the_stream_opened_again(upstream: Upstream, board: PriceBoard) -> None:
    upstream.send(A=1.0, GONE=1.0)
    await until(lambda: board.live)
    with board.read() as reader:
        assert await reader.take(5) == [
            ("state", '{"live": true}'),
            ("quotes", f'{{"items": [{board.quotes["A"].json()}, {board.quotes["GONE"].json()}]}}'),
        ]
        upstream.lines.put_nowait(None)
        assert await reader.take(5) == [("state", '{"live": false}')]
        assert not board.live
        upstream.send(A=4.0)
        await until(lambda: board.live)
        assert await quotes(reader) == {"A": 4.0}
    assert upstream.opened == 2
    assert set(board.quotes) == {"A"}, "the first line has every price there is"


async def test_a_price_that_cannot_be_told_does_not_end_the_stream(upstream: Upstream, board: PriceBoard) -> None:
    upstream.send(A=1.0)
    await until(lambda: board.live)
    with board.read() as reader:
        assert await quotes(reader) == {"A": 1.0}
        upstream.lines.put_nowait(PriceLine([("A", 2.0, 10**18)], []))
        assert await reader.take(20) == [("state", '{"live": false}')]
        upstream.send(A=3.0)
        assert await quotes(reader) == {"A": 3.0}
        assert board.live


async def test_viewers_are_told_when_prices_end_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a mistake of ours, which is not passed over in silence."""
    upstream = Upstream()
    followed = PriceBoard(cast(MarketClient, upstream))
    task = asyncio.create_task(followed.run())
    upstream.send(A=1.0)
    await until(lambda: followed.live)
    with followed.read() as reader:
        await reader.take(5)
        monkeypatch.setattr(followed, "_publish", None)
        upstream.send(A=2.0)
        assert await reader.take(20) == [("state", '{"live": false}')]
    with pytest.raises(TypeError):
        await task
    assert not followed.live


async def test_symbols_that_leave_are_forgotten(upstream: Upstream, board: PriceBoard) -> None:
    upstream.send(A=1.0, B=1.0)
    upstream.send("B", A=2.0)
    await until(lambda: board.batches == 2)
    assert set(board.quotes) == {"A"}


async def test_viewers_are_bounded(board: PriceBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "MOST_READERS", 2)
    with board.read(), board.read(["A"]), pytest.raises(TooManyReaders):
        board.admit()
    board.admit()
