-- Roles, helper functions and the private schema.
--
-- screener_app     logs in, owns nothing and inherits nothing: without `set role` it can read no table.
-- screener_worker  background work; a named role with its own policies, not a bypass of row-level security.
-- anon and authenticated are Supabase's; a person's transaction runs as one of them.

do $$
begin
  if not exists (select from pg_roles where rolname = 'screener_app') then
    create role screener_app login noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'screener_worker') then
    create role screener_worker nologin noinherit;
  end if;
end $$;

grant anon, authenticated, screener_worker to screener_app;
-- A privileged login (DATABASE_URL of a hosted project) steps down to screener_app when it connects.
grant screener_app, screener_worker to current_user;

create schema if not exists private;
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, screener_worker, service_role;
grant usage on schema public to anon, authenticated, screener_worker, service_role;

create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end $$;

-- Rows of an append-only table are never changed. They go only with the row they belong to: a foreign key's cascade
-- runs inside another trigger, so its depth is above one.
create function private.forbid_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'DELETE' and pg_trigger_depth() > 1 then
    return old;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

-- Announces a row on the channel `events`; the first argument is the kind, the second the column with the owner.
create function private.announce() returns trigger
language plpgsql set search_path = '' as $$
declare
  row_data jsonb := to_jsonb(new);
begin
  perform pg_notify('events', jsonb_build_object(
    'kind', tg_argv[0], 'id', row_data ->> 'id', 'owner_id', row_data ->> 'owner_id')::text);
  return null;
end $$;
