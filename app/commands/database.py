"""The database, the kill switch, people's tiers, and a signal's chain.

The database is DATABASE_URL, else the embedded one of the data folder: a running `screener up` is asked for
its server (`_address`), and only `db` starts a server of its own.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

import click

from app.commands.options import DataCommand
from app.commands.output import BAD_INPUT, fail, say
from app.commands.parts import load_settings
from app.settings import LOCAL_USER, Settings
from store.errors import EmbeddedPostgresError, NotFound, StoreError

T = TypeVar("T")


def _address(settings: Settings, *, as_json: bool = False) -> str:
    """The application's database, or the end of the program with what to do."""
    if settings.database_url:
        return settings.database_url
    from store.embedded import running_dsn

    try:
        found = running_dsn(settings.data_dir / "postgres")
    except EmbeddedPostgresError as error:
        fail(str(error), as_json=as_json)
    if found is None:
        fail(
            f"no database runs in {settings.data_dir}: start `screener up` there, set SCREENER_DATA_DIR to the "
            "folder of the one that runs, or set DATABASE_URL",
            as_json=as_json,
            error_code="no_database",
        )
    return found


def _run(work: Coroutine[Any, Any, T], *, as_json: bool = False) -> T:
    try:
        return asyncio.run(work)
    except NotFound as error:
        fail(str(error), as_json=as_json, error_code="not_found")
    except StoreError as error:
        fail(str(error), as_json=as_json, error_code="database")


@click.group()
def db() -> None:
    """Migrate or reset the database."""


@db.command()
def migrate() -> None:
    """Bring the schema up to date: of DATABASE_URL, else of the data folder's own database."""
    settings = load_settings()
    _report(_migrate(settings))


@db.command()
@click.option("--yes", is_flag=True, help="Do it: everything stored is deleted.")
def reset(yes: bool) -> None:
    """Delete everything stored and begin with an empty database."""
    settings = load_settings()
    where = "the database of DATABASE_URL" if settings.database_url else str(settings.data_dir / "postgres")
    if not yes:
        fail(f"this deletes everything stored in {where}; say so with --yes", code=BAD_INPUT)
    if settings.database_url:
        _run(_drop(settings.database_url))
    else:
        _remove_embedded(settings)
    _report(_migrate(settings))
    click.echo(f"{where} is empty now")


def _migrate(settings: Settings) -> list[str]:
    from store.embedded import EmbeddedPostgres
    from store.migrate import migrate as apply

    if settings.database_url:
        return _run(apply(settings.database_url))
    try:
        with EmbeddedPostgres(settings.data_dir / "postgres") as server:
            return _run(apply(server.admin_dsn, login_password=server.app_password))
    except EmbeddedPostgresError as error:
        fail(str(error))


def _report(applied: list[str]) -> None:
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("nothing to apply: the schema is up to date")


async def _drop(url: str) -> None:
    import psycopg

    from store.errors import DatabaseUnavailable, MigrationError

    try:
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"cannot reach the database to reset it: {error}") from error
    async with connection:
        try:
            async with connection.transaction():
                await connection.execute("drop schema if exists public, private, jobs, supabase_migrations cascade")
                await connection.execute("create schema public")
                await connection.execute(
                    "do $$ begin if (select obj_description(oid, 'pg_namespace') from pg_namespace"
                    " where nspname = 'auth') = 'signal-screener shim' then drop schema auth cascade; end if; end $$"
                )
        except psycopg.Error as error:
            raise MigrationError(f"the database cannot be reset: {error}") from error


def _remove_embedded(settings: Settings) -> None:
    from store.embedded import EmbeddedPostgres

    folder = settings.data_dir / "postgres"
    server = EmbeddedPostgres(folder)
    try:
        if server.process_id() is not None:
            # Adopts a server that outlived its program; refuses where that program lives.
            server.start()
            server.stop()
        data = (folder / "data").resolve()
        for path in (data, folder):
            if path.exists():
                shutil.rmtree(path)
    except EmbeddedPostgresError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{folder} cannot be deleted: {error}")


@click.command(name="kill-switch")
@click.argument("state", type=click.Choice(["on", "off"]))
def kill_switch(state: str) -> None:
    """Stop (on) or allow (off) new entries; open positions keep their stops and targets."""
    settings = load_settings()
    _run(_kill_switch(_address(settings), state == "on"))
    click.echo("kill switch on: no new entries" if state == "on" else "kill switch off: new entries are allowed")


async def _kill_switch(dsn: str, on: bool) -> None:
    from store import profiles
    from store.session import Database

    async with Database(dsn, application_name="screener-cli", max_size=2) as database:
        async with database.worker() as conn:
            await profiles.ensure_local_user(conn)
        async with database.user(UUID(LOCAL_USER)) as conn:
            await profiles.set_kill_switch(conn, UUID(LOCAL_USER), on)


@click.group()
def user() -> None:
    """People, and what they may have."""


@user.command()
@click.argument("person", metavar="ID|EMAIL")
@click.argument("name", metavar="TIER", type=click.Choice(["free", "pro", "elite"]))
def tier(person: str, name: str) -> None:
    """Give a person a tier: free, pro or elite. It counts at once."""
    settings = load_settings()
    given = _run(_tier(_address(settings), person, name))
    click.echo(f"{person} has the tier {given} now")


async def _tier(dsn: str, person: str, name: str) -> str:
    from store import profiles
    from store.session import Database

    async with Database(dsn, application_name="screener-cli", max_size=2) as database:
        async with database.worker() as conn:
            await profiles.ensure_local_user(conn)
        async with database.user(UUID(LOCAL_USER)) as conn:
            return (await profiles.set_tier(conn, person, name)).tier


@click.command(cls=DataCommand)
@click.argument("signal", metavar="SIGNAL_ID|latest")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def chain(signal: str, as_json: bool) -> None:
    """Print a signal's whole chain of ids, from its candle to the closed position."""
    signal_id: UUID | None = None
    if signal != "latest":
        try:
            signal_id = UUID(signal)
        except ValueError:
            fail(f"{signal} is no signal's id; give one, or `latest`", as_json=as_json, code=BAD_INPUT)
    settings = load_settings()
    found = _run(_chain(_address(settings, as_json=as_json), signal_id), as_json=as_json)
    if found is None:
        fail("there is no signal yet", as_json=as_json, error_code="not_found")
    if as_json:
        click.echo(json.dumps(found))
        return
    for line in chain_lines(found):
        say(line)


async def _chain(dsn: str, signal_id: UUID | None) -> dict[str, Any] | None:
    from store import signals
    from store.chain import chain as read
    from store.session import Database

    async with (
        Database(dsn, application_name="screener-cli", max_size=1) as database,
        database.user(UUID(LOCAL_USER)) as conn,
    ):
        if signal_id is None:
            page = await signals.list_page(conn, limit=1)
            if not page.items:
                return None
            signal_id = page.items[0].id
        return (await read(conn, signal_id)).model_dump(mode="json")


def chain_lines(chain: dict[str, Any]) -> list[str]:
    """A chain for people: a line per link, in the order in which they came to be."""

    def link(name: str, value: object, *more: object) -> str:
        return "  ".join([f"{name:<12} {value}", *(str(m) for m in more if m is not None)])

    lines = [link("candle", chain["candle"], f"price {chain['price']}")]
    for row in chain["conditions"]:
        values = f"[{row.get('left')} {row.get('op') or ''} {row.get('right')}]" if row.get("left") is not None else ""
        lines.append(link("condition", row.get("text", ""), values))
    version = f"version {chain['strategy_version']} ({chain['strategy_version_id']})"
    lines.append(link("strategy", chain["strategy_id"], chain["strategy_code"], version))
    lines.append(link("run", chain["screen_run_id"] or "-"))
    lines.append(link("signal", chain["signal_id"], chain["status"]))
    lines += [link("analysis", analysis) for analysis in chain["analyses"]]
    lines += [link("decision", decision) for decision in chain["decisions"]]
    for order in chain["orders"]:
        lines.append(link("order", order["id"], order["purpose"], order["state"], order["client_order_id"]))
        lines += [link("  fill", fill) for fill in order["executions"]]
    for position in chain["positions"]:
        profit = f"profit {position['realised_profit']}"
        lines.append(link("position", position["id"], position["state"], position["close_reason"], profit))
    lines += [link("event", event) for event in chain["events"]]
    return lines
