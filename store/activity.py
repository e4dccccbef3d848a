"""What strategies are at: their signals of today, what still waits for an answer, and open positions.

Row-level security decides of which strategies; positions are the reader's own.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from store.records import Record
from store.rows import fetch_all
from store.session import Connection


class Activity(Record):
    """One strategy's: `today` are its signals since the moment asked about, None where none was given. `undecided`
    may still become an entry; of these, `to_approve` wait for a person. `entering` are approved and not yet in a
    position.
    """

    strategy_id: UUID
    signals: int
    today: int | None
    newest: datetime | None
    undecided: int
    to_approve: int
    entering: int
    open_positions: int


async def of_strategies(
    conn: Connection, owner_id: UUID, since: datetime | None, strategy_id: UUID | None = None
) -> list[Activity]:
    """Return what each strategy that the reader may see, or the one named, is at."""
    return await fetch_all(
        conn,
        Activity,
        "select t.id as strategy_id, n.signals, n.newest, n.undecided, n.to_approve, n.entering,"
        "   case when %(since)s::timestamptz is null then null else n.today end as today,"
        "   (select count(*) from public.positions p"
        "     where p.strategy_id = t.id and p.owner_id = %(owner)s and p.state = 'open') as open_positions"
        " from public.strategies t cross join lateral ("
        "   select count(*) as signals, max(s.candle_close) as newest,"
        "     count(*) filter (where s.candle_close > %(since)s) as today,"
        "     count(*) filter (where s.status in ('new', 'analysing', 'wait', 'enter')) as undecided,"
        "     count(*) filter (where s.status = 'enter') as to_approve,"
        "     count(*) filter (where s.status in ('approved', 'ordered')) as entering"
        "   from public.signals s where s.strategy_id = t.id) n"
        " where %(id)s::uuid is null or t.id = %(id)s",
        {"owner": owner_id, "since": since, "id": strategy_id},
    )
