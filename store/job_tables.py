"""The tables of the job queue, which its package brings: made, upgraded and given to the worker.

They lie in the schema `jobs`, which a migration makes and no role of the API may enter. The package numbers its own
changes; `jobs.installed` remembers those that ran, apart from the ledger of our migrations.

1. An empty schema gets the package's newest tables at once (`schema.sql`), and all its changes count as run.
2. Otherwise the changes that the package has and the database has not run in order, each in a transaction.
3. `_GRANTS` gives the worker what its queries need, and nobody else anything; run each time, it is harmless.
"""

from __future__ import annotations

from importlib import resources
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection

from store.errors import DatabaseUnavailable, MigrationError

_LEDGER: LiteralString = """
create table if not exists jobs.installed (name text primary key, at timestamptz not null default now());
"""

_GRANTS: LiteralString = """
revoke all on all tables in schema jobs from public;
revoke all on all sequences in schema jobs from public;
revoke execute on all functions in schema jobs from public;
grant select, insert, update, delete on all tables in schema jobs to screener_worker;
revoke insert, update, delete on jobs.installed from screener_worker;
grant usage on all sequences in schema jobs to screener_worker;
grant execute on all functions in schema jobs to screener_worker;
"""


def package_changes() -> dict[str, str]:
    """The package's changes of its tables: file name to text, in the order in which they run."""
    folder = resources.files("procrastinate") / "sql" / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return {file.name: file.read_text(encoding="utf-8") for file in files}


async def install(connection: AsyncConnection[Any]) -> list[str]:
    """Make or upgrade the queue's tables; returns the names of what ran. Does nothing without the schema `jobs`.

    The caller holds the migrator's lock. Raises MigrationError, DatabaseUnavailable.
    """
    cursor = await connection.execute("select to_regnamespace('jobs') is not null")
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return []
    changes = package_changes()
    async with connection.transaction():
        await connection.execute(_LEDGER)
    cursor = await connection.execute("select name from jobs.installed")
    known = {str(name) for (name,) in await cursor.fetchall()}
    if unknown := sorted(known - changes.keys()):
        raise MigrationError(
            f"the database's queue has {unknown[-1]}, which this program does not know: "
            "it was used by a newer version; update the program"
        )
    if not known:
        text = (resources.files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8")
        await _run(connection, "the queue's tables", text, list(changes))
        done = ["the queue's tables"]
    else:
        done = [name for name in changes if name not in known]
        for name in done:
            await _run(connection, name, changes[name], [name])
    async with connection.transaction():
        await connection.execute(_GRANTS)
    return done


async def _run(connection: AsyncConnection[Any], what: str, text: str, names: list[str]) -> None:
    try:
        async with connection.transaction():
            # The package names no schema: its objects come to be, and are found, in the first of the path.
            await connection.execute("set local search_path = jobs, pg_temp")
            await connection.execute(text.encode())
            await connection.execute("insert into jobs.installed (name) select unnest(%s::text[])", (names,))
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database went away while {what} were made: {error}") from error
    except psycopg.Error as error:
        raise MigrationError(f"{what} cannot be installed: {error}") from error
