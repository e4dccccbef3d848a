"""Approvals given before they named an analysis are of the entry that stood then."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from store.migrate import migrate

MIGRATIONS = Path(__file__).parents[3] / "supabase/migrations"


def _analysis(connection: psycopg.Connection[tuple[object, ...]], signal: UUID, decision: str, minute: int) -> UUID:
    analysis = uuid4()
    connection.execute(
        "insert into public.analyses (id, signal_id, decision, confidence, model, created_at)"
        " values (%s, %s, %s, 60, 'm', timestamptz '2026-01-05 10:00Z' + %s * interval '1 minute')",
        (analysis, signal, decision, minute),
    )
    return analysis


@pytest.mark.parametrize("answer", ["approve", "decline"])
async def test_an_approval_of_before_is_of_the_entry_that_stood_then(
    empty_dsn: str, tmp_path: Path, answer: str
) -> None:
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < "20261122000300":
            shutil.copy(file, tmp_path)
    await migrate(empty_dsn, folder=tmp_path)
    owner, strategy, signal = uuid4(), uuid4(), uuid4()
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("insert into auth.users (id, email) values (%s, 'ada@example.org')", (owner,))
        connection.execute(
            "insert into public.strategies (id, code, name, built_in, base_interval, filter_code, filter_hash)"
            " values (%s, 's', 'S', true, '1m', 'match = close > 0', 'h')",
            (strategy,),
        )
        connection.execute(
            "insert into public.signals (id, strategy_id, strategy_version, symbol, interval, candle_close, price,"
            " side) values (%s, %s, 1, 'BTCUSDT', '1m', '2026-01-05 10:00Z', 100, 'long')",
            (signal, strategy),
        )
        _analysis(connection, signal, "enter_trade", 1)
        stood = _analysis(connection, signal, "enter_trade", 2)
        _analysis(connection, signal, "wait", 3)
        connection.execute(
            "insert into public.signal_decisions (signal_id, owner_id, decision, created_at)"
            " values (%s, %s, %s, '2026-01-05 10:04Z')",
            (signal, owner, answer),
        )
        _analysis(connection, signal, "enter_trade", 5)
    await migrate(empty_dsn)
    with psycopg.connect(empty_dsn) as connection:
        found = connection.execute("select analysis_id from public.signal_decisions").fetchall()
    assert found == [(stood if answer == "approve" else None,)]
