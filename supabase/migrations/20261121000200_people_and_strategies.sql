-- Profiles, administrators, strategies and their versions.

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  display_name text check (length(display_name) <= 120),
  tier text not null default 'free' check (tier in ('free', 'pro', 'elite')),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  kill_switch boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table public.admins (
  user_id uuid primary key references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create function private.is_admin() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.admins where user_id = auth.uid());
$$;

create function private.make_profile() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, display_name)
  values (new.id, left(coalesce(new.raw_user_meta_data ->> 'display_name', split_part(new.email, '@', 1)), 120))
  on conflict (id) do nothing;
  return new;
end $$;

create trigger make_profile after insert on auth.users for each row execute function private.make_profile();

-- Accounts that were there before this migration.
insert into public.profiles (id, display_name)
select id, left(split_part(email, '@', 1), 120) from auth.users
on conflict (id) do nothing;

-- Personal mode has one person, who also administers the built-in strategies. Only background work may call this.
create function public.ensure_local_user() returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  local_user constant uuid := '00000000-0000-4000-8000-000000000001';
begin
  insert into auth.users (id, aud, role, email, raw_user_meta_data)
  values (local_user, 'authenticated', 'authenticated', 'local@localhost', '{"display_name": "You"}')
  on conflict (id) do nothing;
  insert into public.admins (user_id) values (local_user) on conflict (user_id) do nothing;
  return local_user;
end $$;

create table public.strategies (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid references auth.users (id) on delete cascade,
  built_in boolean not null default false,
  code text not null unique check (code ~ '^[a-z0-9][a-z0-9_-]{0,79}$'),
  name text not null check (length(name) between 1 and 120),
  description text not null default '',
  language text not null default 'filter' check (language in ('filter', 'python')),
  direction text not null default 'long' check (direction in ('long', 'short')),
  base_interval text not null,
  evaluate text not null default 'close' check (evaluate in ('close', 'minute')),
  filter_code text not null,
  filter_hash text not null,
  reading text not null default '',
  conditions jsonb not null default '[]' check (jsonb_typeof(conditions) = 'array'),
  indicators jsonb not null default '[]' check (jsonb_typeof(indicators) = 'array'),
  instructions text not null default '',
  workspace jsonb check (jsonb_typeof(workspace) = 'object'),
  risk jsonb not null default '{}' check (jsonb_typeof(risk) = 'object'),
  analysis jsonb not null default '{}' check (jsonb_typeof(analysis) = 'object'),
  controls jsonb not null default '{}' check (jsonb_typeof(controls) = 'object'),
  universe jsonb not null default '{}' check (jsonb_typeof(universe) = 'object'),
  visibility text not null default 'private' check (visibility in ('private', 'public')),
  tags text[] not null default '{}',
  access_tier text not null default 'anonymous' check (access_tier in ('anonymous', 'free', 'pro', 'elite')),
  category text not null default '',
  difficulty text not null default '',
  default_enabled boolean not null default false,
  admin_notes text not null default '',
  mode text not null default 'paper' check (mode in ('paper', 'live')),
  enabled boolean not null default false,
  state text not null default 'paused' check (state in ('warming', 'live', 'paused', 'failed')),
  watermark timestamptz,
  error jsonb check (jsonb_typeof(error) = 'object'),
  failures integer not null default 0 check (failures >= 0),
  version integer not null default 1 check (version > 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint built_in_has_no_owner check (built_in = (owner_id is null))
);

create index strategies_owner on public.strategies (owner_id, created_at desc);
create index strategies_enabled on public.strategies (base_interval) where enabled;

create table public.strategy_versions (
  id uuid primary key default gen_random_uuid(),
  strategy_id uuid not null references public.strategies (id) on delete cascade,
  version integer not null,
  author_id uuid,
  name text not null,
  direction text not null,
  base_interval text not null,
  filter_code text not null,
  filter_hash text not null,
  conditions jsonb not null,
  instructions text not null,
  risk jsonb not null,
  analysis jsonb not null,
  controls jsonb not null,
  universe jsonb not null,
  created_at timestamptz not null default now(),
  unique (strategy_id, version)
);

-- What follows from an edit, in one place whoever edits: a changed program or schedule starts over from the newest
-- candle (`warming`, no watermark, no error); a changed definition is a new version.
create function private.prepare_strategy() returns trigger
language plpgsql set search_path = '' as $$
declare
  restarted boolean;
begin
  if tg_op = 'INSERT' then
    new.version := 1;
    new.state := case when new.enabled then 'warming' else 'paused' end;
    return new;
  end if;
  if (new.filter_code, new.filter_hash, new.base_interval, new.direction, new.name, new.conditions, new.instructions,
      new.risk, new.analysis, new.controls, new.universe)
     is distinct from
     (old.filter_code, old.filter_hash, old.base_interval, old.direction, old.name, old.conditions, old.instructions,
      old.risk, old.analysis, old.controls, old.universe) then
    new.version := old.version + 1;
  end if;
  restarted := (new.filter_code, new.filter_hash, new.base_interval, new.universe)
    is distinct from (old.filter_code, old.filter_hash, old.base_interval, old.universe);
  if restarted or (new.enabled and not old.enabled) then
    new.watermark := null;
    new.error := null;
    new.failures := 0;
    new.state := case when new.enabled then 'warming' else 'paused' end;
  elsif old.enabled and not new.enabled and new.state <> 'failed' then
    new.state := 'paused';
  end if;
  return new;
end $$;

create function private.keep_strategy_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.strategy_versions (strategy_id, version, author_id, name, direction, base_interval, filter_code,
    filter_hash, conditions, instructions, risk, analysis, controls, universe)
  values (new.id, new.version, auth.uid(), new.name, new.direction, new.base_interval, new.filter_code,
    new.filter_hash, new.conditions, new.instructions, new.risk, new.analysis, new.controls, new.universe)
  on conflict (strategy_id, version) do nothing;
  return null;
end $$;

create function private.announce_strategy() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    perform pg_notify('strategies', old.id::text);
  else
    perform pg_notify('strategies', new.id::text);
  end if;
  return null;
end $$;

create trigger prepare before insert or update on public.strategies
  for each row execute function private.prepare_strategy();
create trigger keep_version after insert or update on public.strategies
  for each row execute function private.keep_strategy_version();
create trigger announce_new after insert or delete on public.strategies
  for each row execute function private.announce_strategy();
create trigger announce_change after update on public.strategies
  for each row when (
    (new.version, new.enabled, new.mode) is distinct from (old.version, old.enabled, old.mode))
  execute function private.announce_strategy();
create trigger append_only before update or delete on public.strategy_versions
  for each row execute function private.forbid_change();
create trigger touch before update on public.profiles for each row execute function private.touch_updated_at();
create trigger touch before update on public.admins for each row execute function private.touch_updated_at();
create trigger touch before update on public.strategies for each row execute function private.touch_updated_at();

alter table public.profiles enable row level security;
alter table public.admins enable row level security;
alter table public.strategies enable row level security;
alter table public.strategy_versions enable row level security;

grant select on public.profiles to authenticated;
grant update (display_name, settings, kill_switch) on public.profiles to authenticated;
grant select on public.admins to authenticated;
grant select on public.strategies, public.strategy_versions to anon, authenticated;
grant delete on public.strategies to authenticated;
grant insert (owner_id, code, name, description, language, direction, base_interval, evaluate, filter_code, filter_hash,
    reading, conditions, indicators, instructions, workspace, risk, analysis, controls, universe, visibility, tags,
    category, difficulty, mode, enabled),
  update (name, description, direction, base_interval, evaluate, filter_code, filter_hash, reading, conditions,
    indicators, instructions, workspace, risk, analysis, controls, universe, visibility, tags, category, difficulty,
    mode, enabled)
  on public.strategies to authenticated;

create policy own_read on public.profiles for select to authenticated using ((select auth.uid()) = id);
create policy own_update on public.profiles for update to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);

create policy own_read on public.admins for select to authenticated using ((select auth.uid()) = user_id);

create policy visitor_read on public.strategies for select to anon
  using (owner_id is null and visibility = 'public');
create policy member_read on public.strategies for select to authenticated
  using ((select auth.uid()) = owner_id or (owner_id is null and (visibility = 'public' or (select private.is_admin()))));
create policy own_insert on public.strategies for insert to authenticated
  with check ((select auth.uid()) = owner_id);
create policy own_update on public.strategies for update to authenticated
  using ((select auth.uid()) = owner_id or (owner_id is null and (select private.is_admin())))
  with check ((select auth.uid()) = owner_id or (owner_id is null and (select private.is_admin())));
create policy own_delete on public.strategies for delete to authenticated
  using ((select auth.uid()) = owner_id);

-- A version is as visible as its strategy: the inner query runs under the reader's own policies.
create policy visitor_read on public.strategy_versions for select to anon
  using (strategy_id in (select id from public.strategies));
create policy member_read on public.strategy_versions for select to authenticated
  using (strategy_id in (select id from public.strategies));

revoke execute on function public.ensure_local_user() from public, anon, authenticated;
grant execute on function public.ensure_local_user() to screener_worker, service_role;
revoke execute on all functions in schema private from public;
grant execute on function private.is_admin() to anon, authenticated, screener_worker, service_role;
