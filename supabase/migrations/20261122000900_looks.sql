-- A look again at a signal that waits is an analysis like the first. Where analyses are asked for, each look counts
-- against the analyses a day of the strategy's owner; where they come unasked, none does, as the first did not.

-- Queues the next look at a signal that waits, or says why its owner has none left today. One that waits its turn
-- already is the same look.
create function private.look_again(signal_id uuid, ask integer) returns text
language plpgsql security definer set search_path = '' as $$
declare
  its public.strategies;
begin
  select t.* into its from public.signals s join public.strategies t on t.id = s.strategy_id
    where s.id = look_again.signal_id;
  perform pg_advisory_xact_lock(hashtextextended(look_again.signal_id::text, 9));
  if its.owner_id is not null and not private.analysed_unasked(its.owner_id, its.analysis)
    and not exists (select from jobs.procrastinate_jobs j
      where j.queueing_lock = 'analyse:' || look_again.signal_id and j.status = 'todo')
  then
    begin
      perform private.count_analysis(its.owner_id);
    exception when sqlstate 'PT429' then
      return sqlerrm;
    end;
  end if;
  perform private.queue_analysis(look_again.signal_id, look_again.ask);
  return null;
end $$;
revoke execute on function private.look_again(uuid, integer) from public;
grant execute on function private.look_again(uuid, integer) to screener_worker;
