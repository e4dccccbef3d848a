"""Messages of a book's changes: whoever took a snapshot anywhere between two of them ends with the book as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simexchange import wire
from simexchange.book import Book
from simexchange.futures.contracts import contract_of
from simexchange.futures.streams import _update_event
from simexchange.universe import Listing

LISTING = Listing("BTCUSDT", "BTC", 0, 0)
SIDE = st.dictionaries(st.integers(1, 8), st.integers(1, 3), max_size=6)
COURSE = st.lists(st.tuples(SIDE, SIDE), min_size=2, max_size=6)


def after(snapshot: dict[int, int], changes: list[list[str]]) -> dict[int, int]:
    """A client's copy of one side, once the changes are applied."""
    held = dict(snapshot)
    for price, quantity in changes:
        held[round(float(price))] = round(float(quantity))
    return {price: lots for price, lots in held.items() if lots}


@given(COURSE)
def test_spot_changes_fit_a_snapshot_of_any_second_between(course: list[tuple[dict[int, int], dict[int, int]]]) -> None:
    books = [Book(list(bids.items()), list(asks.items())) for bids, asks in course]
    event = wire.depth_update((100, books[0]), (100 + len(books), books[-1]), LISTING, books[1:-1])
    for bids, asks in course:
        assert after(bids, event["b"]) == course[-1][0]
        assert after(asks, event["a"]) == course[-1][1]


@given(COURSE)
def test_perpetual_changes_fit_a_snapshot_of_any_second_between(
    course: list[tuple[dict[int, int], dict[int, int]]],
) -> None:
    contract = contract_of(LISTING, 0)
    assert contract is not None
    event = _update_event(contract, (100, course[0]), (100 + len(course), course[-1]), course[1:-1])
    for bids, asks in course:
        assert after(bids, event["b"]) == course[-1][0]
        assert after(asks, event["a"]) == course[-1][1]
