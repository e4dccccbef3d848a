-- Signals of a candle that has not closed, for strategies that are evaluated each minute; and what each version of a
-- strategy says about when it is evaluated.

alter table public.signals add column provisional boolean not null default false;
alter table public.strategy_versions add column evaluate text not null default 'close'
  check (evaluate in ('close', 'minute'));

-- As before, and another `evaluate` is a new version too: that is how a running worker learns of it.
create or replace function private.prepare_strategy() returns trigger
language plpgsql set search_path = '' as $$
declare
  restarted boolean;
begin
  if tg_op = 'INSERT' then
    new.version := 1;
    new.state := case when new.enabled then 'warming' else 'paused' end;
    return new;
  end if;
  if (new.filter_code, new.filter_hash, new.base_interval, new.evaluate, new.direction, new.name, new.conditions,
      new.instructions, new.risk, new.analysis, new.controls, new.universe)
     is distinct from
     (old.filter_code, old.filter_hash, old.base_interval, old.evaluate, old.direction, old.name, old.conditions,
      old.instructions, old.risk, old.analysis, old.controls, old.universe) then
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

create or replace function private.keep_strategy_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.strategy_versions (strategy_id, version, author_id, name, direction, base_interval, evaluate,
    filter_code, filter_hash, conditions, instructions, risk, analysis, controls, universe)
  values (new.id, new.version, auth.uid(), new.name, new.direction, new.base_interval, new.evaluate,
    new.filter_code, new.filter_hash, new.conditions, new.instructions, new.risk, new.analysis, new.controls,
    new.universe)
  on conflict (strategy_id, version) do nothing;
  return null;
end $$;

-- That a signal was confirmed is news as much as a change of its status.
drop trigger announce_change on public.signals;
create trigger announce_change after update on public.signals
  for each row when ((new.status, new.provisional) is distinct from (old.status, old.provisional))
  execute function private.announce('signal');

-- The columns are read and written by whom their tables are: no new right, said for each role.
grant select (provisional) on public.signals to anon, authenticated;
grant select (provisional), insert (provisional), update (provisional) on public.signals to screener_worker;
grant select (evaluate) on public.strategy_versions to anon, authenticated;
grant select (evaluate), insert (evaluate) on public.strategy_versions to screener_worker;
