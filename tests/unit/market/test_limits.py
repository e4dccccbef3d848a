"""The weight gate, in made-up seconds."""

from __future__ import annotations

import asyncio

from market.binance.limits import AttemptGate, WeightGate


class Wall:
    def __init__(self) -> None:
        self.now = 600.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


async def test_requests_pause_near_the_limit_until_the_minute_turns() -> None:
    wall = Wall()
    gate = WeightGate(100, wall.time, wall.sleep)
    wall.now += 12
    for _ in range(45):
        await gate.enter(2)
        gate.leave(2, None)
    assert wall.slept == []
    await gate.enter(2)
    assert wall.slept == [48.0]


async def test_the_header_counts_what_others_on_this_address_used() -> None:
    wall = Wall()
    gate = WeightGate(100, wall.time, wall.sleep)
    await gate.enter(2)
    gate.leave(2, 90)
    await gate.enter(2)
    assert wall.slept == [60.0]


async def test_requests_under_way_count() -> None:
    wall = Wall()
    gate = WeightGate(10, wall.time, wall.sleep)
    for _ in range(4):
        await gate.enter(2)
    waiting = asyncio.create_task(gate.enter(2))
    await asyncio.sleep(0)
    assert wall.slept
    for _ in range(4):
        gate.leave(2, None)
    await waiting


async def test_one_request_passes_however_heavy() -> None:
    wall = Wall()
    gate = WeightGate(10, wall.time, wall.sleep)
    await gate.enter(20)
    assert wall.slept == []


async def test_back_off_closes_the_gate_for_all() -> None:
    wall = Wall()
    gate = WeightGate(100, wall.time, wall.sleep)
    gate.close_for(7)
    assert gate.closed_for_s == 7
    await gate.enter(1)
    assert wall.slept == [7.0]


async def test_the_minute_is_the_exchanges_not_this_machines() -> None:
    wall = Wall()
    gate = WeightGate(100, wall.time, wall.sleep)
    gate.set_time(wall.now + 47)
    await gate.enter(80)
    gate.leave(80, 80)
    await gate.enter(20)
    assert wall.slept == [13.0]
    assert gate.used == 0


async def test_a_count_of_the_minute_before_does_not_close_the_next() -> None:
    wall = Wall()
    gate = WeightGate(100, wall.time, wall.sleep)
    wall.now += 59
    minute = await gate.enter(2)
    wall.now += 2
    gate.leave(2, 89, minute)
    assert gate.used == 2
    await gate.enter(80)
    assert wall.slept == []


async def test_connection_attempts_are_spread_over_the_window() -> None:
    wall = Wall()
    gate = AttemptGate(3, 300.0, wall.time, wall.sleep)
    for _ in range(3):
        await gate.enter()
        wall.now += 10
    assert wall.slept == [] and gate.used == 3
    await gate.enter()
    assert wall.slept == [270.0]
    wall.now += 1000
    assert gate.used == 0
