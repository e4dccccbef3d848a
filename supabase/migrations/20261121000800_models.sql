-- What model calls cost or have reserved, and answers that are kept. Both belong to background work: neither a person
-- nor a visitor reads them, except what a person spent.

-- One row per call. `amount` is the most it can cost until it is settled, then what it did cost. Ids are kept without
-- foreign keys: what was spent stays spent when a strategy or an account is deleted.
create table public.model_spending (
  id uuid primary key default gen_random_uuid(),
  day date not null,
  user_key text,
  strategy_key text,
  operation text not null,
  model text not null,
  amount numeric not null check (amount >= 0),
  settled_at timestamptz,
  created_at timestamptz not null default now()
);
create index model_spending_by_day on public.model_spending (day);

create table public.model_cache (
  key text primary key check (length(key) = 64),
  answer text not null,
  model text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index model_cache_by_age on public.model_cache (created_at);

alter table public.model_spending enable row level security;
alter table public.model_cache enable row level security;

grant select on public.model_spending to authenticated;
create policy own_read on public.model_spending for select to authenticated
  using (user_key = (select auth.uid())::text);

do $$
declare
  name text;
  verb text;
begin
  foreach name in array array['model_spending', 'model_cache'] loop
    execute format('grant all on public.%I to service_role', name);
    foreach verb in array array['select', 'insert', 'update', 'delete'] loop
      execute format('grant %s on public.%I to screener_worker', verb, name);
      execute format('create policy %I on public.%I for %s to screener_worker %s', 'worker_' || verb, name, verb,
        case verb
          when 'insert' then 'with check (true)'
          when 'update' then 'using (true) with check (true)'
          else 'using (true)' end);
    end loop;
  end loop;
end $$;
