"""The whole chain of one signal, by id: candle, conditions, analyses, orders, fills, position, log."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from store.rows import fetch_one
from store.session import Connection
from store.trading_records import Chain

_CHAIN: LiteralString = """
select s.id as signal_id, s.status, s.candle_close, s.price, s.screen_run_id, s.conditions,
  s.strategy_id, s.strategy_version, t.code as strategy_code, v.id as strategy_version_id,
  s.symbol || '/' || s.interval || '/'
    || to_char(s.candle_close at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as candle,
  array(select a.id from public.analyses a where a.signal_id = s.id
    order by a.created_at, a.id) as analyses,
  array(select d.id from public.signal_decisions d where d.signal_id = s.id
    order by d.created_at, d.id) as decisions,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', o.id, 'client_order_id', o.client_order_id,
      'purpose', o.purpose, 'state', o.state, 'executions', coalesce((
        select jsonb_agg(e.id order by e.executed_at, e.id) from public.executions e
        where e.order_id = o.id), '[]')
      ) order by o.created_at, o.id)
    from public.orders o
    where o.signal_id = s.id
      or o.position_id in (select p.id from public.positions p where p.signal_id = s.id)), '[]') as orders,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', p.id, 'state', p.state,
      'realised_profit', p.realised_profit::text, 'close_reason', p.close_reason) order by p.opened_at, p.id)
    from public.positions p where p.signal_id = s.id), '[]') as positions,
  array(select e.id from public.events e where e.signal_id = s.id order by e.created_at, e.id) as events
from public.signals s
join public.strategies t on t.id = s.strategy_id
join public.strategy_versions v on v.strategy_id = s.strategy_id and v.version = s.strategy_version
where s.id = %(id)s
"""


async def chain(conn: Connection, signal_id: UUID) -> Chain:
    """Return what followed from a signal, as far as the reader may see it. Raises NotFound.

    Not for visitors, who have no right to orders at all.
    """
    return await fetch_one(conn, Chain, _CHAIN, {"id": signal_id}, what="signal")
