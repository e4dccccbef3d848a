"""Which model is asked for what, what steps in, and what models cost."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from llm.gateway import Price, Prices, Route, Routes, calls, parse_operations, parse_prices
from llm.gateway.wire import retry_after
from llm.models import ErrorKind, ModelError, Tier, total
from tests.fixtures.scripted_model import REQUEST, Scripted, routed

OPERATIONS = {"generate.filter", "analysis.decide"}


def test_operations_are_read_with_their_limits() -> None:
    text = "generate.filter=anthropic/x temperature=0.2 max_tokens=3000 timeout=9.5, analysis.decide=fast,"
    assert parse_operations(text, OPERATIONS) == {
        "generate.filter": Route("anthropic/x", 0.2, 3_000, 9.5),
        "analysis.decide": Route("fast"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "generate.filter",
        "generate.filter=",
        "=x",
        "generate.fliter=x",
        "generate.filter=x temperature=3",
        "generate.filter=x temperature=hot",
        "generate.filter=x max_tokens=1.5",
        "generate.filter=x max_tokens=0",
        "generate.filter=x timeout=0",
        "generate.filter=x timeout=nan",
        "generate.filter=x size=3",
    ],
)
def test_a_wrong_operation_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"operation|limit"):
        parse_operations(text, OPERATIONS)


@pytest.mark.parametrize(
    ("routes", "tier", "chain"),
    [
        (Routes("a"), "standard", ("a",)),
        (Routes("a"), "fast", ("a",)),
        (Routes("a", "b"), "fast", ("b",)),
        (Routes("a", "b", ("c", "a")), "standard", ("a", "c")),
        (Routes("a", "b", ("c", "a")), "fast", ("b", "c", "a")),
        (Routes("a", "b", operations={"generate.filter": Route("c")}), "standard", ("c",)),
        (Routes("a", "b", operations={"generate.filter": Route("fast")}), "standard", ("b",)),
        (Routes("a", "b", operations={"generate.filter": Route("standard")}), "fast", ("a",)),
        (Routes("a", "b", ("c",), {"generate.filter": Route("d")}).only("x"), "fast", ("x",)),
    ],
)
def test_the_chain_of_a_request(routes: Routes, tier: Tier, chain: tuple[str, ...]) -> None:
    assert routes.chain(dataclasses.replace(REQUEST, tier=tier)) == chain
    assert set(chain) <= set(routes.names)


async def test_an_operation_has_its_own_limits() -> None:
    model = Scripted("a")
    routes = Routes("a", operations={"generate.filter": Route(None, 0.7, 50, 3.0)})
    await routed(routes, model).complete(REQUEST)
    await routed(routes, model).complete(dataclasses.replace(REQUEST, operation="analysis.decide"))
    assert [(r.temperature, r.max_tokens, r.timeout_s) for r in model.asked] == [(0.7, 50, 3.0), (0.0, 1_000, None)]


@pytest.mark.parametrize("kind", ["timeout", "authentication", "rate_limit", "overloaded", "server", "bad_request"])
async def test_the_next_model_steps_in_and_all_costs_are_added(kind: ErrorKind) -> None:
    heard: list[str] = []
    models = Scripted("a", kind), Scripted("b", kind), Scripted("c")
    answer = await routed(Routes("a", fallbacks=("b", "c")), *models).complete(
        dataclasses.replace(REQUEST, on_text=heard.append)
    )
    assert (answer.model, answer.fallback, answer.calls) == ("c", True, 3)
    assert answer.input_tokens == 13
    assert answer.cost == pytest.approx(0.03)
    assert heard == ["", ""]


async def test_what_models_cost_together_is_not_known_where_one_is_not() -> None:
    routes = Routes("a", fallbacks=("b",))
    answer = await routed(routes, Scripted("a", "server", cost=None), Scripted("b")).complete(REQUEST)
    assert (answer.input_tokens, answer.cost) == (10, None)
    with pytest.raises(ModelError) as failed:
        await routed(routes, Scripted("a", "server", cost=None), Scripted("b", "server")).complete(REQUEST)
    assert (failed.value.input_tokens, failed.value.cost) == (6, None)


def test_a_call_that_failed_before_it_used_a_token_cost_nothing() -> None:
    refused = ModelError("No.", kind="authentication", model="a")
    paid = ModelError("No.", kind="bad_answer", model="b", input_tokens=4, output_tokens=2, cost=0.5)
    assert total([refused, paid]) == (4, 2, 0.5)
    assert total([refused]) == (0, 0, None)


async def test_an_answer_that_does_not_fit_goes_to_the_caller() -> None:
    second = Scripted("b")
    with pytest.raises(ModelError) as failed:
        await routed(Routes("a", fallbacks=("b",)), Scripted("a", "?"), second).complete(REQUEST)
    assert failed.value.kind == "bad_answer"
    assert second.asked == []


async def test_where_all_fail_the_first_reason_stands() -> None:
    models = Scripted("a", "authentication"), Scripted("b", "server")
    with pytest.raises(ModelError) as failed:
        await routed(Routes("a", fallbacks=("b",)), *models).complete(REQUEST)
    error = failed.value
    assert (error.kind, error.model, error.calls) == ("authentication", "a", 2)
    assert error.input_tokens == 6
    assert error.cost == pytest.approx(0.02)
    assert "a failed" in error.reason
    assert "b failed" in error.reason


def test_prices_are_read() -> None:
    assert parse_prices("ollama/llama3=0/0, openai/local=0.2/0.8,") == {
        "ollama/llama3": Price(0, 0),
        "openai/local": Price(0.2, 0.8),
    }
    assert Price(0.2, 0.8).of(1_000_000, 500_000) == pytest.approx(0.6)


@pytest.mark.parametrize("text", ["openai/local", "openai/local=1", "=1/2", "x=a/b", "x=-1/2", "x=1/.", "x=1.2.3/4"])
def test_a_wrong_price_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a price"):
        parse_prices(text)


def test_models_of_ones_own_machine_are_free() -> None:
    assert Prices().estimate("ollama/anything", 10, 10) == 0
    assert Prices({"ollama/anything": Price(1, 1)}).estimate("ollama/anything", 500_000, 500_000) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-3", 0.0),
        ("2.5", 2.5),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_the_wait_a_provider_asks_for(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)) == seconds


@pytest.mark.parametrize(("said", "counted"), [(12, 12), (0, 0), (-5, 0), (10**30, 0), ("9", 0), (None, 0)])
def test_a_count_of_tokens_that_cannot_be_is_none(said: object, counted: int) -> None:
    # Beyond it neither a column nor a decimal of the spending could hold it, and a negative one would refill a cap.
    assert calls._whole(said) == counted
