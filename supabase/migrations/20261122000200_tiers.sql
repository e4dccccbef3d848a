-- What a tier allows, as data; and what each person used of it today.

-- A null is no limit of the tier's own. Engine cost and spend keep to the operator's settings besides: the smaller one
-- counts.
create table public.tiers (
  name text primary key check (name in ('anonymous', 'free', 'pro', 'elite')),
  custom_strategies integer check (custom_strategies >= 0),
  engine_cost integer check (engine_cost >= 0),
  analyses_a_day integer check (analyses_a_day >= 0),
  spend_a_day numeric check (spend_a_day >= 0),
  automatic_analysis boolean not null default false,
  execution boolean not null default false,
  live boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

insert into public.tiers
  (name, custom_strategies, engine_cost, analyses_a_day, spend_a_day, automatic_analysis, execution, live) values
  ('anonymous', 0, 0, 0, 0, false, false, false),
  ('free', 0, null, 10, 1, false, true, false),
  ('pro', 10, null, 200, 10, true, true, false),
  ('elite', null, null, null, null, true, true, true);

alter table public.profiles add constraint profiles_tier foreign key (tier) references public.tiers (name)
  on delete restrict;
create index profiles_by_tier on public.profiles (tier);

-- Analyses that a person asked for, by day in UTC. Only `private.count_analysis` writes it.
create table public.analysis_usage (
  user_id uuid not null references auth.users (id) on delete cascade,
  day date not null,
  used integer not null check (used > 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, day)
);

create trigger touch before update on public.tiers for each row execute function private.touch_updated_at();
create trigger touch before update on public.analysis_usage for each row execute function private.touch_updated_at();

alter table public.tiers enable row level security;
alter table public.analysis_usage enable row level security;

grant select on public.tiers to anon, authenticated, screener_worker;
grant update (custom_strategies, engine_cost, analyses_a_day, spend_a_day, automatic_analysis, execution, live)
  on public.tiers to authenticated;
grant select on public.analysis_usage to authenticated, screener_worker;
grant all on public.tiers, public.analysis_usage to service_role;

create policy visitor_read on public.tiers for select to anon using (true);
create policy member_read on public.tiers for select to authenticated using (true);
create policy admin_update on public.tiers for update to authenticated
  using ((select private.is_admin())) with check ((select private.is_admin()));
create policy worker_select on public.tiers for select to screener_worker using (true);
create policy own_read on public.analysis_usage for select to authenticated using ((select auth.uid()) = user_id);
create policy worker_select on public.analysis_usage for select to screener_worker using (true);

-- Whether the signals of a strategy are analysed without being asked for: as it is set, and as its owner's tier allows.
-- A built-in strategy has no owner; there it is the operator's setting alone.
create function private.analysed_unasked(owner uuid, analysis jsonb) returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce(analysis -> 'auto' <> 'false'::jsonb, true) and (owner is null or exists (
    select from public.profiles p join public.tiers t on t.name = p.tier where p.id = owner and t.automatic_analysis));
$$;

-- Counts one analysis that `person` asks for today, and refuses it where the tier allows no more. Those who ask at once
-- wait for one another at the row. A day is one of the world, in UTC: what is spent is real in a demo too.
create function private.count_analysis(person uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  its public.tiers;
  counted integer;
begin
  select t.* into its from public.profiles p join public.tiers t on t.name = p.tier where p.id = person;
  if its.analyses_a_day is null or its.analyses_a_day > 0 then
    insert into public.analysis_usage as u (user_id, day, used) values (person, today, 1)
      on conflict (user_id, day) do update set used = u.used + 1
        where its.analyses_a_day is null or u.used < its.analyses_a_day
      returning used into counted;
  end if;
  if counted is null then
    raise exception '%', case when its.analyses_a_day > 0 then format(
        'your tier, %s, has %s analyses a day, and all are used; it begins anew on %s at 00:00 UTC', its.name,
        its.analyses_a_day, to_char(today + 1, 'YYYY-MM-DD'))
      else format('your tier, %s, has no analyses', its.name) end
      using errcode = 'PT429', detail = case when its.analyses_a_day > 0 then to_char(today + 1, 'YYYY-MM-DD') end;
  end if;
end $$;

-- What a person asks for, now: the analysis of a signal that has none, or whose analysis failed. Its owner may ask again
-- while it waits. It counts against the tier's analyses a day unless it waits its turn already, whoever asked. Returns
-- whether a job was queued.
create or replace function public.request_analysis(signal_id uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  caller constant uuid := auth.uid();
  found_signal public.signals;
  mine boolean;
begin
  if caller is null then
    raise exception 'sign in to have a signal analysed' using errcode = 'insufficient_privilege';
  end if;
  select s.* into found_signal
    from public.signals s join public.strategies t on t.id = s.strategy_id
    where s.id = request_analysis.signal_id
      and (t.owner_id = caller or (t.owner_id is null and (t.visibility = 'public' or private.is_admin())));
  if not found then
    raise exception 'there is no such signal' using errcode = 'no_data_found';
  end if;
  mine := coalesce(found_signal.owner_id = caller, private.is_admin());
  if found_signal.status = 'analysing' then
    return false;
  end if;
  if not (found_signal.status in ('new', 'error') or (mine and found_signal.status = 'wait')) then
    raise exception 'a signal that is % is not analysed again', found_signal.status
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- Two who press at once: the second sees what the first queued.
  perform pg_advisory_xact_lock(hashtextextended(found_signal.id::text, 9));
  if not exists (select from jobs.procrastinate_jobs j
      where j.queueing_lock = 'analyse:' || found_signal.id and j.status = 'todo') then
    perform private.count_analysis(caller);
  end if;
  perform private.queue_analysis(found_signal.id, priority => 1);
  return true;
end $$;

-- A person's own strategies, as many as the tier allows. Two that are made at once are counted one after another.
create function private.count_strategies() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  its public.tiers;
begin
  if new.owner_id is null then
    return new;
  end if;
  select t.* into its from public.profiles p join public.tiers t on t.name = p.tier where p.id = new.owner_id;
  if its.custom_strategies is null then
    return new;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(new.owner_id::text, 8));
  if (select count(*) from public.strategies s where s.owner_id = new.owner_id) >= its.custom_strategies then
    raise exception '%', case when its.custom_strategies = 0 then
        format('your tier, %s, has no strategies of one''s own', its.name)
      else format('your tier, %s, has %s strategies of one''s own, and as many are there: delete one first', its.name,
        its.custom_strategies) end
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger within_tier before insert on public.strategies
  for each row execute function private.count_strategies();

-- Personal mode's one person has the highest tier. The operator may give it another afterwards.
create or replace function public.ensure_local_user() returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  local_user constant uuid := '00000000-0000-4000-8000-000000000001';
begin
  insert into auth.users (id, aud, role, email, raw_user_meta_data)
  values (local_user, 'authenticated', 'authenticated', 'local@localhost', '{"display_name": "You"}')
  on conflict (id) do nothing;
  if found then
    update public.profiles set tier = 'elite' where id = local_user;
  end if;
  insert into public.admins (user_id) values (local_user) on conflict (user_id) do nothing;
  return local_user;
end $$;
update public.profiles set tier = 'elite' where id = '00000000-0000-4000-8000-000000000001';

revoke execute on function private.analysed_unasked(uuid, jsonb) from public;
revoke execute on function private.count_analysis(uuid) from public;
revoke execute on function private.count_strategies() from public;
grant execute on function private.analysed_unasked(uuid, jsonb) to screener_worker;
