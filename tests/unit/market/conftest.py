"""A scripted source and its clock, for tests of the feed."""

import pytest

from tests.unit.market.feed_support import NAMES, START
from tests.unit.market.market_fake import FakeSource, ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Two seconds after the minute at which the scripts begin."""
    return ManualClock(START + 2000)


@pytest.fixture
def source(clock: ManualClock) -> FakeSource:
    """The scripted exchange."""
    return FakeSource(clock, NAMES)
