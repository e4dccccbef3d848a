"""A stand-in of the API on a port of its own."""

from collections.abc import Iterator

import pytest

from tests.unit.ui.paging import Served


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    one.stop()
