-- What a person needs to find a strategy again: the sentence it was written from, and since when it runs.

alter table public.strategies
  add column prompt text not null default '' check (length(prompt) <= 8192),
  -- When it was last enabled; null: it never was, it is a draft. The trigger below alone sets it.
  add column enabled_at timestamptz;

alter table public.strategies disable trigger touch;
update public.strategies s set enabled_at = s.updated_at
  where s.enabled or s.watermark is not null or s.state = 'failed'
    or exists (select from public.signals g where g.strategy_id = s.id);
alter table public.strategies enable trigger touch;

-- As before, and it is noted when a strategy is enabled.
create or replace function private.prepare_strategy() returns trigger
language plpgsql set search_path = '' as $$
declare
  restarted boolean;
begin
  if tg_op = 'INSERT' then
    new.version := 1;
    new.state := case when new.enabled then 'warming' else 'paused' end;
    new.enabled_at := case when new.enabled then now() end;
    return new;
  end if;
  new.enabled_at := case when new.enabled and not old.enabled then now() else old.enabled_at end;
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

grant insert (prompt), update (prompt) on public.strategies to authenticated;
