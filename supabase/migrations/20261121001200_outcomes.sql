-- What became of every signal, traded or not: each of its plans followed to stop, target or the end of its time.

-- Market time at which a decision stood; its plan is followed from there.
alter table public.analyses add column decided_at timestamptz;

create table public.outcomes (
  signal_id uuid not null references public.signals (id) on delete cascade,
  -- `model`: the levels of the analysis; `bare`: the strategy's ATR multiples, from the signal's own candle.
  plan text not null check (plan in ('model', 'bare')),
  analysis_id uuid references public.analyses (id) on delete set null,
  symbol text not null,
  interval text not null,
  side text not null check (side in ('long', 'short')),
  -- Null where no plan could be made; `reason` says why.
  entry numeric check (entry > 0),
  stop numeric check (stop > 0),
  targets jsonb not null default '[]' check (jsonb_typeof(targets) = 'array'),
  opened_at timestamptz not null,
  until timestamptz not null,
  state text not null default 'open' check (state in ('open', 'stop', 'target', 'timeout', 'invalid')),
  reason text,
  -- Best, worst and result over the risk; as of `last_candle` while it is open.
  mfe_r double precision,
  mae_r double precision,
  result_r double precision,
  close_price numeric check (close_price > 0),
  closed_at timestamptz,
  -- Close of the last candle that was followed: where a restart goes on.
  last_candle timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (signal_id, plan),
  check ((state = 'open') = (closed_at is null)),
  check (state not in ('stop', 'target', 'timeout') or result_r is not null)
);
create index outcomes_open on public.outcomes (symbol) where state = 'open';
create index outcomes_by_analysis on public.outcomes (analysis_id);

-- Each minute asks which signals changed since the last one.
create index signals_by_change on public.signals (updated_at);

create trigger touch before update on public.outcomes for each row execute function private.touch_updated_at();

alter table public.outcomes enable row level security;
grant select on public.outcomes to anon, authenticated;

-- An outcome is as visible as its signal.
create policy visitor_read on public.outcomes for select to anon
  using (signal_id in (select id from public.signals));
create policy member_read on public.outcomes for select to authenticated
  using (signal_id in (select id from public.signals));

grant all on public.outcomes to service_role;
grant select, insert, update, delete on public.outcomes to screener_worker;
create policy worker_select on public.outcomes for select to screener_worker using (true);
create policy worker_insert on public.outcomes for insert to screener_worker with check (true);
create policy worker_update on public.outcomes for update to screener_worker using (true) with check (true);
create policy worker_delete on public.outcomes for delete to screener_worker using (true);

-- The columns are read and written by whom their tables are: no new right, said for each role.
grant select (decided_at) on public.analyses to anon, authenticated;
grant select (decided_at), insert (decided_at) on public.analyses to screener_worker;
