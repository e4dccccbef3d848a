"""The queue's tables: made once, upgraded by the package's own changes, and never of a newer package."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from store import job_tables
from store.errors import MigrationError
from store.migrate import migrate

OBJECTS = """
select 'function', p.oid::regprocedure::text, md5(regexp_replace(prosrc, '\\s+', ' ', 'g')) from pg_proc p
  where pronamespace = 'jobs'::regnamespace
union all select 'column', table_name || '.' || column_name, data_type from information_schema.columns
  where table_schema = 'jobs'
union all select 'trigger', tgrelid::regclass || '.' || tgname, tgenabled::text from pg_trigger t
  join pg_class c on c.oid = t.tgrelid where c.relnamespace = 'jobs'::regnamespace and not tgisinternal
order by 1, 2
"""


def objects(dsn: str) -> set[Any]:
    with psycopg.connect(dsn) as connection:
        connection.execute("set search_path = jobs")
        return set(connection.execute(OBJECTS).fetchall())


async def test_an_older_queue_becomes_the_newest(empty_dsn: str, admin_dsn: str) -> None:
    changes = job_tables.package_changes()
    names = list(changes)
    known = names[: names.index("03.00.00_01_pre_cancel_notification.sql")]
    async with await AsyncConnection.connect(empty_dsn, autocommit=True) as connection:
        await connection.execute("create schema jobs")
        await connection.execute("create table jobs.installed (name text primary key, at timestamptz default now())")
        for name in known:
            await job_tables._run(connection, name, changes[name], [name])
        assert await job_tables.install(connection) == names[len(known) :]
        assert await job_tables.install(connection) == []
    upgraded, fresh = objects(empty_dsn), objects(admin_dsn)
    missing = {one for one in fresh - upgraded if one[0] != "column"}
    assert missing == set(), "whatever a fresh queue has, an upgraded one has"


async def test_installing_again_keeps_the_jobs(empty_dsn: str) -> None:
    await migrate(empty_dsn)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("select private.queue_job('a', '{}', 'ledger')")
    before = objects(empty_dsn)
    await migrate(empty_dsn)
    assert objects(empty_dsn) == before
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("select task_name from jobs.procrastinate_jobs").fetchall() == [("a",)]


async def test_the_queue_of_a_newer_program_is_refused(empty_dsn: str) -> None:
    await migrate(empty_dsn)
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into jobs.installed (name) values ('99.00.00_01_pre_future.sql')")
    with pytest.raises(MigrationError, match=r"99\.00\.00_01.*newer version"):
        await migrate(empty_dsn)
