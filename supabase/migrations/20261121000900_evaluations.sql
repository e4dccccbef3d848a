-- Evaluations of a translator: a row a run, and a row a case. They belong to nobody: background work writes them, and
-- administrators read them.

create table public.eval_runs (
  id uuid primary key,
  kind text not null check (length(kind) between 1 and 40),
  model text not null,
  dataset text not null,
  dataset_hash text not null,
  market text not null,
  asked integer not null check (asked >= 0),
  started_at timestamptz not null,
  finished_at timestamptz,
  -- Why cases are missing; null for a run that went to its end.
  stopped text,
  scores jsonb not null default '{}' check (jsonb_typeof(scores) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index eval_runs_by_kind on public.eval_runs (kind, model, dataset_hash, started_at desc);

create table public.eval_cases (
  run_id uuid not null references public.eval_runs (id) on delete cascade,
  case_id text not null,
  case_group text not null,
  frozen boolean not null,
  score double precision not null check (score between 0 and 1),
  measures jsonb not null default '{}' check (jsonb_typeof(measures) = 'object'),
  -- Null for a frozen case: what came out of it is shown to nobody.
  output jsonb,
  error text,
  spent jsonb not null default '{}' check (jsonb_typeof(spent) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (run_id, case_id),
  check (output is null or not frozen)
);

create trigger touch before update on public.eval_runs for each row execute function private.touch_updated_at();
create trigger touch before update on public.eval_cases for each row execute function private.touch_updated_at();

alter table public.eval_runs enable row level security;
alter table public.eval_cases enable row level security;

grant select on public.eval_runs, public.eval_cases to authenticated;
create policy admin_read on public.eval_runs for select to authenticated using ((select private.is_admin()));
create policy admin_read on public.eval_cases for select to authenticated using ((select private.is_admin()));

-- A run is written once, when it ends.
grant all on public.eval_runs, public.eval_cases to service_role;
grant select, insert, delete on public.eval_runs, public.eval_cases to screener_worker;
create policy worker_select on public.eval_runs for select to screener_worker using (true);
create policy worker_insert on public.eval_runs for insert to screener_worker with check (true);
create policy worker_delete on public.eval_runs for delete to screener_worker using (true);
create policy worker_select on public.eval_cases for select to screener_worker using (true);
create policy worker_insert on public.eval_cases for insert to screener_worker with check (true);
create policy worker_delete on public.eval_cases for delete to screener_worker using (true);
