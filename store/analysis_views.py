"""Analyses counted and summed, over those that the reader may see; those that came to nothing cost something too."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from store.records import Record
from store.rows import fetch_all
from store.session import Connection

Common = Literal["all", "strategy", "model", "decision"]


class Cost(Record):
    """A sum over analyses that have `name` in common, and over `failed` tries that came to none; `asked` of both called
    a model.

    Cost in US dollars without the `unpriced`, of which no price is known; latency the median of those that asked, in
    milliseconds.
    """

    common: Common
    name: str
    strategy_id: UUID | None
    analyses: int
    failed: int
    asked: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    latency_ms: float | None


async def count_of_signal(conn: Connection, signal_id: UUID) -> int:
    """How often a signal was analysed; analyses of its position do not count."""
    cursor = await conn.execute(
        "select count(*) from public.analyses where signal_id = %s and position_id is null", (signal_id,)
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def sums(conn: Connection, *, since: datetime | None = None, strategy_id: UUID | None = None) -> list[Cost]:
    """All analyses together, then by what they have in common, the dearest first; empty where there are none."""
    return await fetch_all(
        conn,
        Cost,
        "with seen as ("
        "  select a.model, a.decision, a.input_tokens, a.output_tokens, a.cost, a.latency_ms, a.asked, a.failed,"
        "    t.id as strategy_id, coalesce(t.name, 'No strategy') as strategy"
        "  from (select signal_id, position_id, model, decision, input_tokens, output_tokens, cost, latency_ms, asked,"
        "      false as failed, created_at from public.analyses"
        "    union all select signal_id, null, model, 'failed', input_tokens, output_tokens, cost, latency_ms, true,"
        "      true, created_at from public.analysis_failures) a"
        "  left join public.signals s on s.id = a.signal_id"
        "  left join public.positions p on p.id = a.position_id"
        "  left join public.strategies t on t.id = coalesce(s.strategy_id, p.strategy_id)"
        "  where (%(since)s::timestamptz is null or a.created_at >= %(since)s)"
        "    and (%(strategy)s::uuid is null or t.id = %(strategy)s))"
        " select case when grouping(strategy) = 0 then 'strategy' when grouping(model) = 0 then 'model'"
        "     when grouping(decision) = 0 then 'decision' else 'all' end as common,"
        "   coalesce(strategy, model, decision, 'all') as name, strategy_id,"
        "   count(*) filter (where not failed) as analyses, count(*) filter (where failed) as failed,"
        "   count(*) filter (where asked) as asked, count(*) filter (where asked and cost is null) as unpriced,"
        "   sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,"
        "   coalesce(sum(cost), 0) as cost,"
        "   percentile_cont(0.5) within group (order by latency_ms) filter (where asked) as latency_ms"
        " from seen group by grouping sets ((), (strategy_id, strategy), (model), (decision))"
        " having count(*) > 0 order by 1, cost desc, analyses desc, name",
        {"since": since, "strategy": strategy_id},
    )
