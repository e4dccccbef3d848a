"""Brings a database's schema up to date.

1. One migrator at a time: a session-level advisory lock (`migrate`).
2. A Postgres without Supabase's `auth` schema gets `shim.sql` first; Supabase's own is never touched
   (`_apply_shim`).
3. `find_migrations` reads `supabase/migrations` of a source tree, or `store/migrations` of an installed
   package.
4. Each file runs in a transaction together with its row in `supabase_migrations.schema_migrations`, the
   ledger that the Supabase command line tool keeps as well. The ledger remembers each file's SHA-256; a file
   that was edited after it ran is an error, as is one that sorts before a migration that has run
   (`_check_ledger`).
5. Then the tables of the job queue, which its package brings (store.job_tables): they are in no ledger of ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from store import job_tables
from store.errors import DatabaseUnavailable, MigrationError

LOGIN_ROLE = "screener_app"
_FILE_NAME = re.compile(r"^(\d{14})_([a-z0-9_]+)\.sql$")
_LOCK_KEY = 0x5343524E
_SHIM_COMMENT = "signal-screener shim"

_LEDGER = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text primary key, statements text[], name text);
alter table supabase_migrations.schema_migrations add column if not exists checksum text;
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `version` is its 14-digit time stamp, `checksum` the SHA-256 of its text with plain line
    ends.
    """

    version: str
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()


def find_migrations(folder: Path | None = None) -> list[Migration]:
    """Return all migrations in order; `folder` replaces the built-in place. Raises MigrationError on a bad
    name.
    """
    root: Traversable
    if folder is not None:
        root = folder
    else:
        root = resources.files("store") / "migrations"
        if not root.is_dir():
            root = Path(__file__).resolve().parent.parent / "supabase" / "migrations"
    if not root.is_dir():
        raise MigrationError(f"no migrations found in {root}; the installation is incomplete")
    found: dict[str, Migration] = {}
    for file in root.iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = _FILE_NAME.match(file.name)
        if match is None:
            raise MigrationError(f"migration {file.name}: the name must be like 20260131120000_what_it_does.sql")
        version, name = match.groups()
        if version in found:
            raise MigrationError(f"two migrations have the version {version}: {name} and {found[version].name}")
        found[version] = Migration(version, name, file.read_text(encoding="utf-8"))
    return [found[version] for version in sorted(found)]


async def migrate(dsn: str, *, folder: Path | None = None, login_password: str | None = None) -> list[str]:
    """Apply what is missing and return the applied files' `version_name`, oldest first.

    `dsn` must log in as the role that is to own the tables (`postgres` on Supabase). `login_password` sets
    the password of the login role `screener_app`. Raises MigrationError (ledger or SQL), DatabaseUnavailable.
    """
    migrations = find_migrations(folder)
    try:
        connection = await AsyncConnection.connect(dsn, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"cannot reach the database to migrate it: {error}") from error
    async with connection:
        await connection.execute("select pg_advisory_lock(%s)", (_LOCK_KEY,))
        await _apply_shim(connection)
        async with connection.transaction():
            await connection.execute(_LEDGER)
        pending = _check_ledger(migrations, await _read_ledger(connection))
        for migration in pending:
            await _apply(connection, migration)
        await job_tables.install(connection)
        if login_password is not None:
            # No parameters in utility statements: `sql.Literal` quotes the password.
            await connection.execute(
                sql.SQL("alter role {} with password {}").format(
                    sql.Identifier(LOGIN_ROLE), sql.Literal(login_password)
                )
            )
    return [f"{migration.version}_{migration.name}" for migration in pending]


async def _apply_shim(connection: AsyncConnection[Any]) -> None:
    cursor = await connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'auth'"
    )
    row = await cursor.fetchone()
    if row is not None and row[0] != _SHIM_COMMENT:
        return
    text = (resources.files("store") / "shim.sql").read_text(encoding="utf-8")
    try:
        async with connection.transaction():
            await connection.execute(text.encode())
    except psycopg.Error as error:
        raise MigrationError(f"cannot prepare this Postgres for the migrations: {error}") from error


async def _read_ledger(connection: AsyncConnection[Any]) -> list[tuple[str, str | None]]:
    cursor = await connection.execute(
        "select version, checksum from supabase_migrations.schema_migrations order by version"
    )
    return [(version, checksum) for version, checksum in await cursor.fetchall()]


def _check_ledger(migrations: Sequence[Migration], ledger: Sequence[tuple[str, str | None]]) -> list[Migration]:
    """Return the migrations still to run; raise MigrationError when files and ledger disagree."""
    by_version = {migration.version: migration for migration in migrations}
    applied = {version for version, _ in ledger}
    for version, checksum in ledger:
        migration = by_version.get(version)
        if migration is None:
            raise MigrationError(
                f"the database has migration {version}, which this program does not know: "
                "it was used by a newer version; update the program"
            )
        # The Supabase tool writes no checksum: such a row is taken as it is.
        if checksum is not None and checksum != migration.checksum:
            raise MigrationError(
                f"migration {version}_{migration.name} was edited after it had been applied; "
                "restore the file and put the change into a new migration"
            )
    newest = max(applied, default="")
    pending = [migration for migration in migrations if migration.version not in applied]
    for migration in pending:
        if migration.version < newest:
            raise MigrationError(
                f"migration {migration.version}_{migration.name} sorts before {newest}, which has run"
                " already; "
                "give it a later time stamp"
            )
    return pending


async def _apply(connection: AsyncConnection[Any], migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.text.encode())
            await connection.execute(
                "insert into supabase_migrations.schema_migrations (version, name, statements, checksum)"
                " values (%s, %s, %s, %s)",
                (migration.version, migration.name, [migration.text], migration.checksum),
            )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database went away during migration {migration.version}: {error}") from error
    except psycopg.Error as error:
        raise MigrationError(f"migration {migration.version}_{migration.name} failed: {error}") from error
