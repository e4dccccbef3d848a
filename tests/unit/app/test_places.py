"""Places: bounds are kept, order is kept, and who gives up leaves no gap."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from pydantic import BaseModel

from app.places import PlacedModel, Places, Turns
from llm.models import ModelError, ModelRequest


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


class Model:
    """Answers after a moment, and notes how many questions are under way and how long each may take."""

    name = "a model"

    def __init__(self) -> None:
        self.under_way = self.most = 0
        self.left: list[float | None] = []

    async def complete(self, request: Any) -> Any:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.left.append(request.timeout_s)
        await asyncio.sleep(0.02)
        self.under_way -= 1


def question(timeout_s: float | None = None) -> ModelRequest[BaseModel]:
    return ModelRequest("test", (), BaseModel, timeout_s=timeout_s)


async def test_a_models_bound_holds_for_all_who_ask_it() -> None:
    places, model = Places(), Model()
    askers = [PlacedModel(model, places, 2) for _ in range(3)]
    await asyncio.gather(*(asker.complete(question()) for asker in askers * 3))
    assert (model.most, len(model.left), places.waiting()) == (2, 9, 0)


async def test_waiting_takes_from_a_questions_own_time() -> None:
    places, model = Places(), Model()
    asker = PlacedModel(model, places, 1)
    answers = await asyncio.gather(
        asker.complete(question(60)),
        asker.complete(question(60)),
        asker.complete(question(0.001)),
        return_exceptions=True,
    )
    first, second = [left for left in model.left if left is not None]
    assert second < first <= 60
    assert isinstance(answers[2], ModelError)
    assert answers[2].retryable
    assert answers[2].calls == 0


async def test_who_waits_is_counted_by_key() -> None:
    places = Places()

    async def work(key: str) -> None:
        async with places.take({key: 1, "all": 9}):
            pass

    async with places.take({"a": 1}):
        waiting = [asyncio.create_task(work(key)) for key in "aab"]
        await asyncio.sleep(0.01)
        assert (places.waiting("a"), places.waiting("b"), places.waiting()) == (2, 0, 2)
        waiting[0].cancel()
        await asyncio.sleep(0)
        assert places.waiting("a") == 1
    await asyncio.gather(*waiting, return_exceptions=True)
    assert places.waiting() == 0


def test_turns_come_twice_as_often_as_places_become_free() -> None:
    now = 100.0
    turns = Turns(lambda: now)
    turns.took("a", 4.0)
    assert [turns.next("a", 2) for _ in range(3)] == [1.0, 2.0, 3.0]
    assert turns.next("b", 1) == pytest.approx(0.5), "each key has its own"
    assert max(turns.next("a", 2) for _ in range(100)) == 30.0
    now += 200
    assert turns.next("a", 2) == 1.0
