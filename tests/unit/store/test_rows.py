"""From records to SQL parameters, and a cursor there and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from store import orders, signals
from store.errors import InvalidRow
from store.records import SignalStatus
from store.rows import insert_into, parameters
from store.trading_records import OrderState


def test_objects_become_jsonb_and_text_arrays_stay() -> None:
    found = parameters(
        {"targets": [Decimal("1.10")], "risk": {"a": 1}, "tags": ["x"], "price": Decimal(1), "stop": None}
    )
    assert isinstance(found["targets"], Jsonb) and isinstance(found["risk"], Jsonb)
    assert found["tags"] == ["x"] and found["price"] == Decimal(1) and found["stop"] is None
    assert found["targets"].dumps is not None and found["targets"].dumps(found["targets"].obj) == '["1.10"]'


def test_a_number_that_json_does_not_know_is_refused() -> None:
    wrapped = parameters({"indicators": {"rsi": float("nan")}})["indicators"]
    with pytest.raises(ValueError, match="JSON"):
        wrapped.dumps(wrapped.obj)


def test_insert_quotes_names() -> None:
    text = insert_into("signals", {"interval": 1, 'odd"name': 2}, "returning id").as_string(None)
    assert text.startswith('insert into public."signals" ("interval", "odd""name") values (%(interval)s,')


@pytest.mark.parametrize("cursor", ["", "!", "bnVsbA", "WzEsIDJd", "e30"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRow):
        signals.decode_cursor(cursor)


def test_a_cursor_comes_back() -> None:
    closed, row_id = datetime(2026, 1, 5, 12, tzinfo=UTC), uuid4()
    assert signals.decode_cursor(signals.encode_cursor(closed, row_id)) == (closed, row_id)


def test_every_state_can_be_reached_from_the_first() -> None:
    def reachable(first: str, sources: Mapping[Any, Iterable[str]]) -> set[str]:
        found = {first}
        while more := {to for to, origins in sources.items() if found & set(origins)} - found:
            found |= more
        return found

    assert reachable("new", signals.SOURCES) == set(get_args(SignalStatus))
    assert reachable("intent", orders.SOURCES) == set(get_args(OrderState))


def test_nothing_leaves_an_end() -> None:
    ends = {"filled", "cancelled", "rejected", "expired"}
    assert not any(ends & set(origins) for origins in orders.SOURCES.values())
    assert not any("closed" in origins for origins in signals.SOURCES.values())
