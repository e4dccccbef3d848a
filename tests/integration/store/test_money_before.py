"""What a database of before knew not: whose answer moves a signal, and what an entry under way sets aside."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from store.migrate import migrate

MIGRATIONS = Path(__file__).parents[3] / "supabase/migrations"


async def test_answers_and_entries_of_before_are_taken_over(empty_dsn: str, tmp_path: Path) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "20261122000600":
            shutil.copy(file, tmp_path)
    await migrate(empty_dsn, folder=tmp_path)
    ada, eve, admin = (uuid4() for _ in range(3))
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        for person in (ada, eve, admin):
            connection.execute("insert into auth.users (id, email) values (%s, %s)", (person, f"{person}@example.org"))
        connection.execute("insert into public.admins (user_id) values (%s)", (admin,))

        def answered(owner: UUID | None, *people: UUID) -> UUID:
            """A signal of a strategy of `owner`, approved by these people one after another."""
            strategy, signal = uuid4(), uuid4()
            connection.execute(
                "insert into public.strategies (id, code, name, owner_id, built_in, base_interval, filter_code,"
                " filter_hash) values (%s, %s, 'S', %s, %s, '1m', 'match = close > 0', 'h')",
                (strategy, f"s-{strategy.hex[:8]}", owner, owner is None),
            )
            connection.execute(
                "insert into public.signals (id, strategy_id, strategy_version, symbol, interval, candle_close, price,"
                " side) values (%s, %s, 1, 'BTCUSDT', '1m', '2026-01-05 10:00Z', 100, 'long')",
                (signal, strategy),
            )
            for person in people:
                connection.execute(
                    "insert into public.signal_decisions (signal_id, owner_id, decision) values (%s, %s, 'approve')",
                    (signal, person),
                )
            return signal

        connection.execute("update public.profiles set tier = 'elite'")
        answered(ada, ada)
        shared = answered(None, eve, admin)
        for state, purpose, person in (("sent", "entry", ada), ("filled", "entry", eve), ("intent", "exit", eve)):
            connection.execute(
                "insert into public.orders (owner_id, signal_id, purpose, symbol, side, quantity, client_order_id,"
                " state, trigger_price) values (%s, %s, %s, 'BTCUSDT', 'buy', 3, %s, %s, 100)",
                (person, shared, purpose, uuid4().hex, state),
            )
    await migrate(empty_dsn)
    with psycopg.connect(empty_dsn) as connection:
        moves = connection.execute("select owner_id, moves from public.signal_decisions").fetchall()
        reserved = connection.execute("select state, reserved from public.orders").fetchall()
    assert set(moves) == {(ada, True), (eve, False), (admin, True)}
    assert set(reserved) == {("sent", Decimal(300)), ("filled", Decimal(0)), ("intent", Decimal(0))}
