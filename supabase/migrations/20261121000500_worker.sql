-- What background work may do: one policy per verb on every table, and grants without `truncate` or `references`.
-- Append-only tables get neither update nor delete.

do $$
declare
  name text;
  verb text;
  verbs text[];
  append_only constant text[] := array['strategy_versions', 'executions', 'analyses', 'events'];
begin
  foreach name in array array['profiles', 'admins', 'strategies', 'strategy_versions', 'screen_runs', 'strategy_runs',
    'signals', 'signal_decisions', 'generations', 'subscriptions', 'positions', 'orders', 'executions', 'analyses',
    'events'] loop
    verbs := case when name = any (append_only) then array['select', 'insert']
      else array['select', 'insert', 'update', 'delete'] end;
    execute format('grant all on public.%I to service_role', name);
    foreach verb in array verbs loop
      execute format('grant %s on public.%I to screener_worker', verb, name);
      execute format('create policy %I on public.%I for %s to screener_worker %s', 'worker_' || verb, name, verb,
        case verb
          when 'insert' then 'with check (true)'
          when 'update' then 'using (true) with check (true)'
          else 'using (true)' end);
    end loop;
  end loop;
end $$;

revoke execute on all functions in schema private from public;

-- Supabase pushes changes of these tables to the screens; a bare Postgres has the publication only for form.
do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end $$;
alter publication supabase_realtime add table public.signals, public.analyses, public.orders, public.executions,
  public.positions, public.screen_runs;
