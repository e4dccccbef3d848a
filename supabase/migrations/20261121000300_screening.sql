-- Screening runs, signals, people's decisions on signals, analyses and model calls.

create table public.screen_runs (
  id uuid primary key default gen_random_uuid(),
  interval text not null,
  candle_close timestamptz not null,
  shard integer not null default 0 check (shard >= 0),
  worker text not null,
  status text not null default 'running' check (status in ('running', 'done', 'failed')),
  lease_until timestamptz not null,
  attempts integer not null default 1,
  symbols_fresh integer not null default 0,
  symbols_stale integer not null default 0,
  symbols_missing integer not null default 0,
  absent jsonb not null default '{}' check (jsonb_typeof(absent) = 'object'),
  seconds_after_close double precision,
  strategies integer not null default 0,
  matches integer not null default 0,
  timings jsonb not null default '{}' check (jsonb_typeof(timings) = 'object'),
  error jsonb check (jsonb_typeof(error) = 'object'),
  finished_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (interval, candle_close, shard)
);
create index screen_runs_newest on public.screen_runs (candle_close desc);

create table public.strategy_runs (
  id uuid primary key default gen_random_uuid(),
  screen_run_id uuid references public.screen_runs (id) on delete set null,
  strategy_id uuid not null references public.strategies (id) on delete cascade,
  candle_close timestamptz not null,
  status text not null check (status in ('done', 'failed')),
  symbols_checked integer not null default 0,
  matched integer not null default 0,
  duration_ms double precision not null default 0,
  error jsonb check (jsonb_typeof(error) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (strategy_id, candle_close)
);
create index strategy_runs_by_run on public.strategy_runs (screen_run_id);

create table public.signals (
  id uuid primary key default gen_random_uuid(),
  strategy_id uuid not null references public.strategies (id) on delete cascade,
  strategy_version integer not null,
  owner_id uuid references auth.users (id) on delete cascade,
  screen_run_id uuid references public.screen_runs (id) on delete set null,
  symbol text not null,
  interval text not null,
  candle_close timestamptz not null,
  price numeric not null check (price > 0),
  side text not null check (side in ('long', 'short')),
  conditions jsonb not null default '[]' check (jsonb_typeof(conditions) = 'array'),
  indicators jsonb not null default '{}' check (jsonb_typeof(indicators) = 'object'),
  candles jsonb not null default '[]' check (jsonb_typeof(candles) = 'array'),
  score double precision,
  status text not null default 'new' check (status in ('new', 'analysing', 'enter', 'wait', 'rejected', 'expired',
    'error', 'approved', 'declined', 'blocked', 'ordered', 'in_position', 'closed')),
  reason text,
  -- Close of the newest candle an analysis was asked for; a waiting signal is analysed once per candle.
  considered_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (strategy_id, symbol, candle_close),
  foreign key (strategy_id, strategy_version) references public.strategy_versions (strategy_id, version)
    on delete cascade
);
create index signals_newest on public.signals (candle_close desc, id desc);
create index signals_by_strategy on public.signals (strategy_id, candle_close desc, id desc);
create index signals_by_symbol on public.signals (symbol, candle_close desc, id desc);
create index signals_by_status on public.signals (status, candle_close desc, id desc);
create index signals_by_owner on public.signals (owner_id);
create index signals_by_run on public.signals (screen_run_id);

-- One person's answer to one signal. A signal of a built-in strategy is shared, so answers are kept per person.
create table public.signal_decisions (
  id uuid primary key default gen_random_uuid(),
  signal_id uuid not null references public.signals (id) on delete cascade,
  owner_id uuid not null references auth.users (id) on delete cascade,
  decision text not null check (decision in ('approve', 'decline')),
  note text not null default '',
  -- Why no order followed an approval.
  refusal text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (owner_id, signal_id)
);
create index signal_decisions_by_signal on public.signal_decisions (signal_id);

create table public.generations (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid references auth.users (id) on delete cascade,
  strategy_id uuid references public.strategies (id) on delete set null,
  operation text not null,
  input jsonb not null default '{}',
  output jsonb,
  model text not null,
  attempts integer not null default 1,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost numeric not null default 0,
  latency_ms double precision not null default 0,
  error text,
  trace_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index generations_by_owner on public.generations (owner_id, created_at desc);
create index generations_by_strategy on public.generations (strategy_id);

-- A signal belongs to whom its strategy belongs to, whatever the writer says.
create function private.own_signal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  select s.owner_id into new.owner_id from public.strategies s where s.id = new.strategy_id;
  return new;
end $$;

-- Records the caller's answer to a signal. The owner of the strategy (an administrator for a built-in one) moves the
-- signal itself; anybody else's answer to a shared signal counts only for that person.
create function public.decide_signal(signal_id uuid, decision text, note text default '')
returns public.signal_decisions
language plpgsql security definer set search_path = '' as $$
declare
  caller constant uuid := auth.uid();
  found_signal public.signals;
  answer public.signal_decisions;
  open_states text[] := case decision
    when 'approve' then array['enter']
    else array['new', 'analysing', 'enter', 'wait', 'error', 'expired', 'rejected', 'blocked'] end;
  moves boolean;
begin
  if caller is null then
    raise exception 'sign in to decide on a signal' using errcode = 'insufficient_privilege';
  end if;
  if decision is null or decision not in ('approve', 'decline') then
    raise exception 'a decision is approve or decline' using errcode = 'invalid_parameter_value';
  end if;
  select s.* into found_signal
    from public.signals s join public.strategies t on t.id = s.strategy_id
    where s.id = decide_signal.signal_id
      and (t.owner_id = caller or (t.owner_id is null and (t.visibility = 'public' or private.is_admin())))
    for update of s;
  if not found then
    raise exception 'there is no such signal' using errcode = 'no_data_found';
  end if;
  select d.* into answer from public.signal_decisions d
    where d.owner_id = caller and d.signal_id = found_signal.id;
  if found then
    if answer.decision = decide_signal.decision then
      return answer;
    end if;
    raise exception 'this signal was already answered with %', answer.decision
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  moves := found_signal.owner_id = caller or (found_signal.owner_id is null and private.is_admin());
  if not moves then
    open_states := open_states || array['approved', 'declined', 'blocked', 'ordered', 'in_position'];
  end if;
  if not (found_signal.status = any (open_states)) then
    raise exception 'a signal that is % cannot be answered with %', found_signal.status, decide_signal.decision
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  insert into public.signal_decisions (signal_id, owner_id, decision, note)
    values (found_signal.id, caller, decide_signal.decision, coalesce(decide_signal.note, ''))
    returning * into answer;
  if moves then
    update public.signals s
      set status = case decide_signal.decision when 'approve' then 'approved' else 'declined' end
      where s.id = found_signal.id;
  end if;
  return answer;
end $$;

create trigger own before insert or update of strategy_id, owner_id on public.signals
  for each row execute function private.own_signal();
create trigger touch before update on public.screen_runs for each row execute function private.touch_updated_at();
create trigger touch before update on public.strategy_runs for each row execute function private.touch_updated_at();
create trigger touch before update on public.signal_decisions
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.signals for each row execute function private.touch_updated_at();
create trigger touch before update on public.generations for each row execute function private.touch_updated_at();

create trigger announce_new after insert on public.signals
  for each row execute function private.announce('signal');
create trigger announce_change after update on public.signals
  for each row when (new.status is distinct from old.status) execute function private.announce('signal');
create trigger announce_new after insert on public.signal_decisions
  for each row execute function private.announce('decision');
create trigger announce_change after update on public.screen_runs
  for each row when (new.status <> 'running' and new.status is distinct from old.status)
  execute function private.announce('run');

alter table public.screen_runs enable row level security;
alter table public.strategy_runs enable row level security;
alter table public.signals enable row level security;
alter table public.signal_decisions enable row level security;
alter table public.generations enable row level security;

grant select on public.screen_runs, public.strategy_runs, public.signals to anon, authenticated;
grant select on public.signal_decisions to authenticated;
grant select on public.generations to authenticated;
grant insert (owner_id, strategy_id, operation, input, output, model, attempts, input_tokens, output_tokens, cost,
  latency_ms, error, trace_id) on public.generations to authenticated;

-- Coverage of the market is nobody's secret: it holds counts and symbols, no strategy.
create policy visitor_read on public.screen_runs for select to anon using (true);
create policy member_read on public.screen_runs for select to authenticated using (true);
create policy visitor_read on public.strategy_runs for select to anon
  using (strategy_id in (select id from public.strategies));
create policy member_read on public.strategy_runs for select to authenticated
  using (strategy_id in (select id from public.strategies));
create policy visitor_read on public.signals for select to anon
  using (strategy_id in (select id from public.strategies));
create policy member_read on public.signals for select to authenticated
  using (strategy_id in (select id from public.strategies));
create policy own_read on public.signal_decisions for select to authenticated
  using ((select auth.uid()) = owner_id);
create policy own_read on public.generations for select to authenticated using ((select auth.uid()) = owner_id);
create policy own_insert on public.generations for insert to authenticated
  with check ((select auth.uid()) = owner_id);

revoke execute on function public.decide_signal(uuid, text, text) from public, anon;
grant execute on function public.decide_signal(uuid, text, text) to authenticated;
