"""Migrations on a real server: once, one at a time, all or nothing, and never over Supabase's own schema."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from store.errors import MigrationError
from store.migrate import find_migrations, migrate


def write(folder: Path, version: int, text: str) -> None:
    (folder / f"2026010100000{version}_m{version}.sql").write_text(text)


async def test_all_migrations_apply_once_however_many_start(empty_dsn: str) -> None:
    done = await asyncio.gather(migrate(empty_dsn), migrate(empty_dsn))
    assert sorted(map(len, done)) == [0, len(find_migrations())]
    with psycopg.connect(empty_dsn) as connection:
        rows = connection.execute(
            "select version, name, checksum is not null, cardinality(statements)"
            " from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    assert rows == [(item.version, item.name, True, 1) for item in find_migrations()]


async def test_a_failing_migration_leaves_nothing_behind(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, 1, "create table public.one (id int);")
    write(tmp_path, 2, "create table public.two (id int); select nonsense;")
    with pytest.raises(MigrationError, match="20260101000002_m2 failed"):
        await migrate(empty_dsn, folder=tmp_path)
    with psycopg.connect(empty_dsn) as connection:
        row = connection.execute("select to_regclass('public.one') is null, to_regclass('public.two')").fetchone()
    assert row == (False, None)
    write(tmp_path, 2, "create table public.two (id int);")
    assert await migrate(empty_dsn, folder=tmp_path) == ["20260101000002_m2"]


async def test_an_edited_migration_is_refused(empty_dsn: str, tmp_path: Path) -> None:
    write(tmp_path, 1, "select 1;")
    await migrate(empty_dsn, folder=tmp_path)
    write(tmp_path, 1, "select 2;")
    with pytest.raises(MigrationError, match="edited"):
        await migrate(empty_dsn, folder=tmp_path)


async def test_supabases_own_schema_is_left_alone(empty_dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create schema auth; create table auth.users (id uuid primary key, theirs int)")
    write(tmp_path, 1, "select 1;")
    await migrate(empty_dsn, folder=tmp_path)
    with psycopg.connect(empty_dsn) as connection:
        columns = connection.execute(
            "select column_name from information_schema.columns where table_schema = 'auth' order by 1"
        ).fetchall()
        functions = connection.execute("select to_regproc('auth.uid')").fetchone()
    assert columns == [("id",), ("theirs",)] and functions == (None,)


async def test_accounts_from_before_get_profiles(empty_dsn: str, tmp_path: Path) -> None:
    await migrate(empty_dsn, folder=tmp_path)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into auth.users (email) values ('ada@example.org')")
    await migrate(empty_dsn)
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select display_name from public.profiles").fetchall() == [("ada",)]
