"""Spend caps and kept answers, without a provider."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from llm.gateway import Price, Prices, Routes
from llm.gateway.budget import (
    BudgetedModel,
    CapReached,
    Caps,
    Hold,
    LedgerUnavailable,
    MemoryLedger,
    Spent,
    check,
    dollars,
)
from llm.gateway.cache import CachedModel, KeptAnswer, question_key
from llm.models import Message, ModelError, ModelRequest, Spender
from tests.fixtures.scripted_model import GOOD, REQUEST, Scripted, routed

FREE = Prices({"a": Price(0, 0), "b": Price(0, 0), "c": Price(0, 0)})


class Other(BaseModel):
    word: str


NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("caps", "spender", "scope"),
    [
        (Caps(), Spender("u", "s"), None),
        (Caps(user=Decimal(1)), Spender("u", "s"), "user"),
        (Caps(user=Decimal(1)), Spender(None, "s"), None),
        (Caps(strategy=Decimal(2)), Spender("u", "s"), "strategy"),
        (Caps(strategy=Decimal(2)), Spender("u", None), None),
        (Caps(all=Decimal(3)), Spender(), "all"),
        (Caps(all=Decimal("3.2")), Spender(), None),
        (Caps(user=Decimal("1.2"), strategy=Decimal("2.2"), all=Decimal("3.2")), Spender("u", "s"), None),
    ],
)
def test_which_cap_a_call_meets(caps: Caps, spender: Spender, scope: str | None) -> None:
    hold = Hold(Decimal("0.2"), spender, "generate.filter", "a")
    spent = Spent(Decimal(1), Decimal(2), Decimal(3))
    if scope is None:
        check(hold, caps, spent, NOON)
        return
    with pytest.raises(CapReached) as reached:
        check(hold, caps, spent, NOON)
    assert reached.value.scope == scope
    assert reached.value.resets == dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    check(dataclasses.replace(hold, amount=Decimal(0)), caps, spent, NOON)


def budgeted(model: Scripted, caps: Caps, prices: Prices | None = None) -> BudgetedModel:
    routes = Routes(model.name)
    return BudgetedModel(
        routed(routes, model), MemoryLedger(caps), caps, routes, prices or Prices({"a": Price(0, 10.0)})
    )


async def test_calls_made_at_the_same_time_cannot_exceed_a_cap_together() -> None:
    # Each may cost 0.01 dollars: five fit.
    model = Scripted("a", GOOD, cost=0.004)
    model.gate = asyncio.Event()
    capped = budgeted(model, Caps(all=Decimal("0.05")))
    tasks = [asyncio.create_task(capped.complete(REQUEST)) for _ in range(20)]
    # All have asked for their reservation before the first is settled.
    while sum(task.done() for task in tasks) < 15:
        await asyncio.sleep(0.01)
    model.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [r for r in results if isinstance(r, ModelError)]
    assert len(model.asked) == 5
    assert {(r.kind, r.calls, r.retryable) for r in refused} == {("budget", 0, False)}
    assert len(refused) == 15
    # What they really cost leaves room for three more: 0.05 - 5 * 0.004 = 0.03.
    for _ in range(3):
        await capped.complete(REQUEST)


async def test_the_refusal_says_which_cap_and_until_when() -> None:
    capped = budgeted(Scripted("a", cost=0.01), Caps(user=Decimal("0.015")))
    asked = dataclasses.replace(REQUEST, spender=Spender("u"))
    await capped.complete(asked)
    with pytest.raises(ModelError) as failed:
        await capped.complete(asked)
    for part in ("$0.02 a day for one user", "SCREENER_SPEND_PER_USER_DAY", "$0.0100 is spent", "00:00 UTC"):
        assert part in failed.value.reason
    await capped.complete(dataclasses.replace(REQUEST, spender=Spender("another")))


async def test_a_failed_answer_is_paid_for_and_a_refused_one_is_not() -> None:
    capped = budgeted(Scripted("a", "?", cost=0.009), Caps(all=Decimal("0.015")))
    with pytest.raises(ModelError, match="JSON"):
        await capped.complete(REQUEST)
    with pytest.raises(ModelError) as failed:
        await capped.complete(REQUEST)
    assert failed.value.kind == "budget"
    refused = budgeted(Scripted("a", "authentication", cost=None), Caps(all=Decimal("0.015")))
    for _ in range(3):
        with pytest.raises(ModelError, match="a failed"):
            await refused.complete(REQUEST)


async def test_a_cancelled_call_stays_reserved() -> None:
    model = Scripted("a", GOOD, cost=0.0)
    model.gate = asyncio.Event()
    capped = budgeted(model, Caps(all=Decimal("0.015")))
    task = asyncio.create_task(capped.complete(REQUEST))
    while not model.asked:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ModelError) as failed:
        await capped.complete(REQUEST)
    assert failed.value.kind == "budget"


async def test_without_a_price_a_cap_cannot_be_kept() -> None:
    class Unknown(Prices):
        def estimate(self, name: str, input_tokens: int, output_tokens: int) -> float | None:
            return None

    model = Scripted("a", GOOD, cost=None)
    with pytest.raises(ModelError, match="SCREENER_MODEL_PRICES=a=in/out"):
        await budgeted(model, Caps(all=Decimal(1)), Unknown()).complete(REQUEST)
    assert model.asked == []
    assert (await budgeted(model, Caps(), Unknown()).complete(REQUEST)).cost is None


class Away:
    """A ledger whose database is away, from the first call or from the settling on."""

    def __init__(self, *, reserves: bool) -> None:
        self.reserves = reserves

    async def reserve(self, hold: Hold) -> UUID:
        if not self.reserves:
            raise LedgerUnavailable("the database does not answer")
        return uuid4()

    async def settle(self, reservation: UUID, cost: Decimal) -> None:
        raise LedgerUnavailable("the database does not answer")


async def test_without_its_ledger_a_cap_stops_and_no_cap_does_not() -> None:
    routes, model = Routes("a"), Scripted("a")
    capped = BudgetedModel(model, Away(reserves=False), Caps(all=Decimal(1)), routes, FREE)
    with pytest.raises(ModelError, match="cannot be looked up") as failed:
        await capped.complete(REQUEST)
    assert failed.value.retryable
    assert model.asked == []
    for reserves in (False, True):
        free = BudgetedModel(model, Away(reserves=reserves), Caps(), routes, FREE)
        assert (await free.complete(REQUEST)).data.number == 3


@pytest.mark.parametrize(("cost", "stored"), [(0.1 + 0.2, "0.3"), (1e-9, "0"), (1e-7, "0.0000001"), (0.0, "0")])
def test_dollars_are_stored_as_decimals(cost: float, stored: str) -> None:
    assert dollars(cost) == Decimal(stored)


class Kept:
    """A cache in memory."""

    def __init__(self) -> None:
        self.answers: dict[str, KeptAnswer] = {}

    async def get(self, key: str) -> KeptAnswer | None:
        return self.answers.get(key)

    async def put(self, key: str, answer: KeptAnswer) -> None:
        self.answers[key] = answer


async def test_the_same_question_is_asked_once() -> None:
    model, heard = Scripted("a"), list[str]()
    cached = CachedModel(model, Kept(), Routes("a"))
    first = await cached.complete(REQUEST)
    second = await cached.complete(dataclasses.replace(REQUEST, on_text=heard.append, spender=Spender("other")))
    assert (first.cached, first.cost, first.calls) == (False, 0.01, 1)
    assert (second.cached, second.cost, second.calls, second.input_tokens) == (True, 0.0, 0, 0)
    assert second.data == first.data
    assert heard == [GOOD]
    assert len(model.asked) == 1
    third = await cached.complete(dataclasses.replace(REQUEST, fresh=True))
    assert not third.cached
    assert len(model.asked) == 2


def test_what_makes_a_question_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    others: list[ModelRequest[Any]] = [
        dataclasses.replace(REQUEST, messages=(Message("system", "Give a pair."),)),
        dataclasses.replace(REQUEST, messages=(Message("user", "Give a pair!"),)),
        dataclasses.replace(REQUEST, temperature=0.1),
        dataclasses.replace(REQUEST, max_tokens=999),
        ModelRequest("generate.filter", REQUEST.messages, Other, max_tokens=1_000),
    ]
    keys = [question_key("a", REQUEST), question_key("b", REQUEST), *(question_key("a", r) for r in others)]
    assert question_key("a", dataclasses.replace(REQUEST, tier="fast", prompt_version="9")) == keys[0]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    keys.append(question_key("a", REQUEST))
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {64}


async def test_failures_and_fall_backs_are_not_kept() -> None:
    kept = Kept()
    failing = CachedModel(Scripted("a", "?"), kept, Routes("a"))
    with pytest.raises(ModelError):
        await failing.complete(REQUEST)
    routes = Routes("a", fallbacks=("b",))
    answer = await CachedModel(routed(routes, Scripted("a", "server"), Scripted("b")), kept, routes).complete(REQUEST)
    assert answer.fallback
    assert kept.answers == {}


async def test_a_kept_answer_that_no_longer_fits_is_asked_for_anew() -> None:
    kept, model = Kept(), Scripted("a")
    kept.answers[question_key("a", REQUEST)] = KeptAnswer("{}", "a")
    cached = CachedModel(model, kept, Routes("a"))
    assert (await cached.complete(REQUEST)).data.number == 3
    assert (await cached.complete(REQUEST)).cached
