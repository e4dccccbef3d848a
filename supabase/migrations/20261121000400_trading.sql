-- Subscriptions, orders, executions, positions, analyses and the event log.

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references auth.users (id) on delete cascade,
  strategy_id uuid not null references public.strategies (id) on delete cascade,
  capital numeric not null check (capital > 0),
  risk_per_trade numeric not null default 0.01 check (risk_per_trade > 0 and risk_per_trade <= 1),
  leverage numeric not null default 1 check (leverage >= 1),
  max_positions integer not null default 5 check (max_positions > 0),
  max_daily_loss numeric not null default 0.05 check (max_daily_loss > 0 and max_daily_loss <= 1),
  stop_atr numeric check (stop_atr > 0),
  target_atr numeric check (target_atr > 0),
  approval text not null default 'manual' check (approval in ('manual', 'automatic')),
  mode text not null default 'paper' check (mode in ('paper', 'live')),
  paused boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (owner_id, strategy_id)
);
create index subscriptions_by_strategy on public.subscriptions (strategy_id) where not paused;

create table public.positions (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references auth.users (id) on delete cascade,
  subscription_id uuid references public.subscriptions (id) on delete set null,
  strategy_id uuid references public.strategies (id) on delete set null,
  signal_id uuid references public.signals (id) on delete set null,
  mode text not null default 'paper' check (mode in ('paper', 'live')),
  symbol text not null,
  side text not null check (side in ('long', 'short')),
  state text not null default 'open' check (state in ('open', 'closed')),
  quantity numeric not null check (quantity > 0),
  entry_price numeric not null check (entry_price > 0),
  stop numeric check (stop > 0),
  targets jsonb not null default '[]' check (jsonb_typeof(targets) = 'array'),
  highest_price numeric,
  lowest_price numeric,
  close_price numeric check (close_price > 0),
  close_reason text,
  close_requested_at timestamptz,
  realised_profit numeric not null default 0,
  fees numeric not null default 0,
  protected_since timestamptz,
  opened_at timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((state = 'closed') = (closed_at is not null))
);
create unique index positions_one_open on public.positions (owner_id, symbol, mode) where state = 'open';
create index positions_by_owner on public.positions (owner_id, opened_at desc);
create index positions_closed on public.positions (owner_id, mode, closed_at) where state = 'closed';
create index positions_by_signal on public.positions (signal_id);
create index positions_by_strategy on public.positions (strategy_id);
create index positions_by_subscription on public.positions (subscription_id);

create table public.orders (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references auth.users (id) on delete cascade,
  subscription_id uuid references public.subscriptions (id) on delete set null,
  strategy_id uuid references public.strategies (id) on delete set null,
  signal_id uuid references public.signals (id) on delete set null,
  position_id uuid references public.positions (id) on delete set null,
  purpose text not null check (purpose in ('entry', 'exit')),
  mode text not null default 'paper' check (mode in ('paper', 'live')),
  venue text not null default 'paper',
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  type text not null default 'market' check (type in ('market', 'limit', 'stop', 'stop_limit')),
  quantity numeric not null check (quantity > 0),
  limit_price numeric check (limit_price > 0),
  trigger_price numeric check (trigger_price > 0),
  stop numeric check (stop > 0),
  targets jsonb not null default '[]' check (jsonb_typeof(targets) = 'array'),
  client_order_id text not null unique check (length(client_order_id) between 1 and 64),
  exchange_order_id text,
  state text not null default 'intent' check (state in ('intent', 'sent', 'open', 'partially_filled', 'filled',
    'cancelled', 'rejected', 'expired', 'unknown')),
  filled_quantity numeric not null default 0 check (filled_quantity >= 0 and filled_quantity <= quantity),
  average_price numeric,
  reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index orders_one_entry on public.orders (owner_id, signal_id) where purpose = 'entry';
create index orders_by_owner on public.orders (owner_id, created_at desc, id desc);
create index orders_by_signal on public.orders (signal_id);
create index orders_by_position on public.orders (position_id);
create index orders_by_strategy on public.orders (strategy_id);
create index orders_by_subscription on public.orders (subscription_id);
create index orders_unfinished on public.orders (created_at)
  where state in ('intent', 'sent', 'open', 'partially_filled', 'unknown');

create table public.executions (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references auth.users (id) on delete cascade,
  order_id uuid not null references public.orders (id) on delete cascade,
  venue text not null,
  trade_id text not null,
  symbol text not null,
  side text not null check (side in ('buy', 'sell')),
  price numeric not null check (price > 0),
  quantity numeric not null check (quantity > 0),
  fee numeric not null default 0,
  fee_asset text not null,
  slippage numeric,
  executed_at timestamptz not null,
  created_at timestamptz not null default now(),
  unique (venue, trade_id)
);
create index executions_by_order on public.executions (order_id);
create index executions_by_owner on public.executions (owner_id, executed_at desc);

create table public.analyses (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid references auth.users (id) on delete cascade,
  signal_id uuid references public.signals (id) on delete cascade,
  position_id uuid references public.positions (id) on delete cascade,
  kind text not null default 'signal' check (kind in ('signal', 'position')),
  decision text not null check (decision in ('enter_trade', 'bad_setup', 'wait', 'hold', 'adjust', 'reduce', 'close')),
  confidence integer not null check (confidence between 0 and 100),
  reasoning text not null default '',
  trade_plan jsonb not null default '{}' check (jsonb_typeof(trade_plan) = 'object'),
  key_levels jsonb not null default '{}' check (jsonb_typeof(key_levels) = 'object'),
  indicators jsonb not null default '{}' check (jsonb_typeof(indicators) = 'object'),
  grounding jsonb not null default '{}' check (jsonb_typeof(grounding) = 'object'),
  refusals jsonb not null default '[]' check (jsonb_typeof(refusals) = 'array'),
  snapshot jsonb not null default '{}' check (jsonb_typeof(snapshot) = 'object'),
  snapshot_hash text,
  raw_answer text,
  model text not null,
  prompt_version text,
  latency_ms double precision not null default 0,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost numeric not null default 0,
  trace_id text,
  created_at timestamptz not null default now(),
  check (num_nonnulls(signal_id, position_id) >= 1)
);
create index analyses_by_signal on public.analyses (signal_id, created_at desc);
create index analyses_by_position on public.analyses (position_id, created_at desc);
create index analyses_by_owner on public.analyses (owner_id);

-- The log keeps the ids of its rows without foreign keys: it outlives what it tells about.
create table public.events (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid references auth.users (id) on delete cascade,
  level text not null default 'info' check (level in ('debug', 'info', 'warning', 'error')),
  kind text not null,
  message text not null,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  strategy_id uuid,
  signal_id uuid,
  order_id uuid,
  execution_id uuid,
  position_id uuid,
  created_at timestamptz not null default now()
);
create index events_by_owner on public.events (owner_id, created_at desc, id desc);
create index events_by_signal on public.events (signal_id);
create index events_by_strategy on public.events (strategy_id, created_at desc);

create function private.own_analysis() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.owner_id is null and new.position_id is not null then
    select p.owner_id into new.owner_id from public.positions p where p.id = new.position_id;
  elsif new.owner_id is null then
    select s.owner_id into new.owner_id from public.signals s where s.id = new.signal_id;
  end if;
  return new;
end $$;

-- An order's owner decides its executions' owner.
create function private.own_execution() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  select o.owner_id into new.owner_id from public.orders o where o.id = new.order_id;
  return new;
end $$;

create trigger own before insert on public.analyses for each row execute function private.own_analysis();
create trigger own before insert on public.executions for each row execute function private.own_execution();

create trigger append_only before update or delete on public.executions
  for each row execute function private.forbid_change();
create trigger append_only before update or delete on public.analyses
  for each row execute function private.forbid_change();
create trigger append_only before update or delete on public.events
  for each row execute function private.forbid_change();
create trigger touch before update on public.subscriptions for each row execute function private.touch_updated_at();
create trigger touch before update on public.positions for each row execute function private.touch_updated_at();
create trigger touch before update on public.orders for each row execute function private.touch_updated_at();

create trigger announce_new after insert on public.analyses
  for each row execute function private.announce('analysis');
create trigger announce_new after insert on public.orders
  for each row execute function private.announce('order');
create trigger announce_change after update on public.orders
  for each row when ((new.state, new.filled_quantity) is distinct from (old.state, old.filled_quantity))
  execute function private.announce('order');
create trigger announce_new after insert on public.executions
  for each row execute function private.announce('execution');
create trigger announce_new after insert on public.positions
  for each row execute function private.announce('position');
-- Extremes change with every price: they are no news.
create trigger announce_change after update on public.positions
  for each row when (
    (new.state, new.quantity, new.stop, new.targets, new.close_requested_at)
    is distinct from (old.state, old.quantity, old.stop, old.targets, old.close_requested_at))
  execute function private.announce('position');

alter table public.subscriptions enable row level security;
alter table public.positions enable row level security;
alter table public.orders enable row level security;
alter table public.executions enable row level security;
alter table public.analyses enable row level security;
alter table public.events enable row level security;

grant select, delete on public.subscriptions to authenticated;
grant insert (owner_id, strategy_id, capital, risk_per_trade, leverage, max_positions, max_daily_loss, stop_atr,
    target_atr, approval, mode, paused),
  update (capital, risk_per_trade, leverage, max_positions, max_daily_loss, stop_atr, target_atr, approval, mode,
    paused)
  on public.subscriptions to authenticated;
grant select on public.positions, public.orders, public.executions, public.events to authenticated;
grant update (close_requested_at) on public.positions to authenticated;
grant select on public.analyses to anon, authenticated;

create policy own_read on public.subscriptions for select to authenticated using ((select auth.uid()) = owner_id);
create policy own_insert on public.subscriptions for insert to authenticated
  with check ((select auth.uid()) = owner_id and strategy_id in (select id from public.strategies));
create policy own_update on public.subscriptions for update to authenticated
  using ((select auth.uid()) = owner_id) with check ((select auth.uid()) = owner_id);
create policy own_delete on public.subscriptions for delete to authenticated using ((select auth.uid()) = owner_id);

create policy own_read on public.positions for select to authenticated using ((select auth.uid()) = owner_id);
create policy own_update on public.positions for update to authenticated
  using ((select auth.uid()) = owner_id) with check ((select auth.uid()) = owner_id);

create policy own_read on public.orders for select to authenticated using ((select auth.uid()) = owner_id);
create policy own_read on public.executions for select to authenticated using ((select auth.uid()) = owner_id);

-- An analysis of a signal is as visible as the signal, one of a position as the position.
create policy visitor_read on public.analyses for select to anon
  using (position_id is null and signal_id in (select id from public.signals));
create policy member_read on public.analyses for select to authenticated
  using (case when position_id is null then signal_id in (select id from public.signals)
    else (select auth.uid()) = owner_id end);

create policy own_read on public.events for select to authenticated using (
  (select auth.uid()) = owner_id or (owner_id is null and strategy_id in (select id from public.strategies)));
