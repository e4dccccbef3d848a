"""A database that nothing was migrated into yet."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql


@pytest.fixture
def empty_dsn(admin_dsn: str) -> Iterator[str]:
    """Address of a fresh, empty database on the shared server."""
    name = f"empty_{uuid4().hex[:12]}"
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield admin_dsn.replace("@/postgres?", f"@/{name}?")
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
