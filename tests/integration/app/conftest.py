"""An empty database for each test: what background work does is not bounded to one person's rows."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.fixtures.fake_market import FakeMarket

TABLES = "strategies, screen_runs, signals, orders, positions, events"


def empty(admin_dsn: str) -> None:
    """Delete what earlier tests left."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(f"truncate {', '.join('public.' + t for t in TABLES.split(', '))} cascade")
        connection.execute("truncate jobs.procrastinate_jobs, jobs.procrastinate_workers cascade")


@pytest.fixture(autouse=True)
def emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    if "database" in request.fixturenames:
        empty(request.getfixturevalue("admin_dsn"))
    yield
    if "database" in request.fixturenames:
        empty(request.getfixturevalue("admin_dsn"))


@pytest.fixture
def market() -> FakeMarket:
    return FakeMarket()
