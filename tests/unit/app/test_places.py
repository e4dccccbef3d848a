"""Places: bounds are kept, order is kept, and who gives up leaves no gap."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from app.places import Places


async def test_bounds_hold_for_every_key() -> None:
    places, taken, most = Places(), Counter[str](), Counter[str]()
    draws = random.Random(3)

    async def work(keys: dict[str, int]) -> None:
        nonlocal most
        async with places.take(keys):
            taken.update(keys.keys())
            most |= taken
            for _ in range(draws.randrange(4)):
                await asyncio.sleep(0)
            taken.subtract(keys.keys())

    await asyncio.gather(*(work({f"s{n % 3}": n % 3 + 1, "m": 4}) for n in range(90)))
    assert (most["s0"], most["s1"], most["m"]) == (1, 2, 4) and most["s2"] <= 3
    assert all(places.taken(key) == 0 for key in most)


async def test_the_first_to_ask_is_the_first_to_go_unless_it_has_no_room() -> None:
    places, order = Places(), list[str]()

    async def work(name: str, keys: dict[str, int]) -> None:
        async with places.take(keys):
            order.append(name)
            await asyncio.sleep(0)

    async with places.take({"a": 1}):
        waiting = [asyncio.create_task(work(name, {name[0]: 1})) for name in ("a1", "a2", "b1")]
        await asyncio.sleep(0.01)
        assert order == ["b1"]
    await asyncio.gather(*waiting)
    assert order == ["b1", "a1", "a2"]


async def test_who_is_cancelled_takes_no_place() -> None:
    places = Places()

    async def work() -> None:
        async with places.take({"a": 1}):
            await asyncio.sleep(60)

    first, second = asyncio.create_task(work()), asyncio.create_task(work())
    await asyncio.sleep(0)
    second.cancel()
    first.cancel()
    for task in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert places.taken("a") == 0
    async with asyncio.timeout(5), places.take({"a": 1}):
        assert places.taken("a") == 1
