"""Connections, and who a transaction runs as.

Every transaction names its role. Connections log in as (or, given a privileged login, step down to)
`screener_app`, a role that owns nothing and inherits nothing; `Database.user`, `anonymous` and `worker` set
the role and the claims that row-level security reads, for one transaction. A query outside of them fails: no
role, no rights.

A person's transaction sees what that person may see, whatever the query says.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from store.errors import (
    DatabaseUnavailable,
    Duplicate,
    InvalidRow,
    LimitReached,
    NotAllowed,
    NotFound,
    StateConflict,
    StoreError,
)
from store.migrate import LOGIN_ROLE

Connection: TypeAlias = AsyncConnection[TupleRow]
Role = Literal["anon", "authenticated", "screener_worker"]

LIMIT_REACHED = "PT429"
"""Raised by the schema's functions; Supabase's own API answers it with 429. Its detail is the day it begins anew."""
_RETRY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Notification:
    """A message of `Database.listen`; `payload` is None when the connection was just made or made again.

    Messages sent while nobody listened are lost, so None means: read what you follow anew.
    """

    channel: str
    payload: str | None


class Database:
    """A pool of connections to one database; `async with Database(dsn) as database`.

    `timeout` is how long a transaction waits for a connection, in seconds; `statement_timeout_ms` bounds each
    statement of a person's or a visitor's transaction (background work has no such bound).
    """

    def __init__(
        self,
        dsn: str,
        *,
        min_size: int = 1,
        max_size: int = 8,
        timeout: float = 10.0,
        statement_timeout_ms: int = 8000,
        application_name: str = "screener",
    ) -> None:
        self._dsn = dsn
        self._application_name = application_name
        self._statement_timeout_ms = statement_timeout_ms
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            timeout=timeout,
            open=False,
            name=application_name,
            kwargs={"autocommit": True, "application_name": application_name, "connect_timeout": 5},
            configure=step_down,
            # One round trip per transaction (0.05 ms on a socket) buys transparent recovery after a restart.
            check=AsyncConnectionPool.check_connection,
        )

    @property
    def dsn(self) -> str:
        """The address, with its password."""
        return self._dsn

    async def open(self) -> None:
        """Open the pool and wait for its first connection. Raises DatabaseUnavailable."""
        await self._pool.open()
        try:
            await self._pool.wait(timeout=self._pool.timeout)
            heed_cancellation()
        except BaseException as error:
            # Also where waiting is cancelled: the pool's own tasks take a cancellation for a lost connection.
            await self._pool.close()
            if not isinstance(error, PoolTimeout):
                raise
            raise DatabaseUnavailable(
                "cannot reach the database, or its schema is missing (run: screener db migrate)"
            ) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def user(self, user_id: UUID, claims: Mapping[str, Any] | None = None) -> AsyncIterator[Connection]:
        """One transaction as the person `user_id`; `claims` are those of a verified token and cannot change
        the role.
        """
        full = {**(claims or {}), "sub": str(user_id), "role": "authenticated"}
        async with self._transaction("authenticated", full) as connection:
            yield connection

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[Connection]:
        """One transaction as a visitor without an account."""
        async with self._transaction("anon", {"role": "anon"}) as connection:
            yield connection

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Connection]:
        """One transaction as background work, which may read and write every person's rows."""
        async with self._transaction("screener_worker", {"role": "screener_worker"}) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, role: Role, claims: Mapping[str, Any]) -> AsyncIterator[Connection]:
        timeout = "0" if role == "screener_worker" else str(self._statement_timeout_ms)
        with translated_errors():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(
                    "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true),"
                    " set_config('statement_timeout', %s, true)",
                    (role, json.dumps(claims, default=str), timeout),
                )
                yield connection

    async def ping(self) -> None:
        """Make one round trip. Raises DatabaseUnavailable."""
        with translated_errors():
            async with self._pool.connection() as connection:
                await connection.execute("select 1")

    async def listen(self, *channels: str) -> AsyncGenerator[Notification, None]:
        """Yield notifications of `channels` for ever, over a connection of its own that is made again when
        lost.

        After each (re)connection one Notification with payload None comes first for every channel.
        """
        attempt = 0
        while True:
            try:
                connection = await AsyncConnection.connect(
                    self._dsn,
                    autocommit=True,
                    application_name=f"{self._application_name}-listen",
                    connect_timeout=5,
                )
                async with connection:
                    await step_down(connection)
                    for channel in channels:
                        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                    attempt = 0
                    for channel in channels:
                        yield Notification(channel, None)
                    async for notify in connection.notifies():
                        yield Notification(notify.channel, notify.payload)
            except psycopg.OperationalError:
                # The server restarts or is away: wait and come back.
                await asyncio.sleep(_RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)])
                attempt += 1


async def step_down(connection: Connection) -> None:
    """Leave a privileged login: from here on the connection is `screener_app` until a transaction names a
    role.
    """
    cursor = await connection.execute("select session_user = %s", (LOGIN_ROLE,))
    row = await cursor.fetchone()
    if row is not None and not row[0]:
        await connection.execute(sql.SQL("set role {}").format(sql.Identifier(LOGIN_ROLE)))


def heed_cancellation() -> None:
    """Raise CancelledError where the current task was cancelled and did not hear of it.

    Up to Python 3.11 `asyncio.wait_for` forgets a cancellation that comes at the moment of its answer (gh-86296), and
    the pool waits for connections with it. Loops that only a cancellation ends call this in each turn.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class translated_errors:
    """Context that turns the driver's errors into this package's, keeping the original as the cause."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        translated = _translate(error)
        if translated is not None:
            raise translated from error


def _translate(error: BaseException | None) -> StoreError | None:
    if isinstance(error, PoolTimeout | PoolClosed):
        return DatabaseUnavailable("the database does not answer; it may be restarting")
    if not isinstance(error, psycopg.Error):
        return None
    text = error.diag.message_primary or str(error)
    if error.sqlstate == LIMIT_REACHED:
        day = error.diag.message_detail
        return LimitReached(text, datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None)
    if isinstance(error, psycopg.errors.NoDataFound):
        return NotFound(text)
    if isinstance(error, psycopg.errors.ObjectNotInPrerequisiteState):
        return StateConflict(text)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return NotAllowed(text)
    if isinstance(error, psycopg.errors.UniqueViolation):
        return Duplicate(text)
    if isinstance(error, psycopg.errors.IntegrityError | psycopg.errors.DataError):
        return InvalidRow(text)
    if isinstance(error, psycopg.OperationalError):
        return DatabaseUnavailable(text)
    return None
