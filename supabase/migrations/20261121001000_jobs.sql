-- Work that is queued: a schema for the queue's own tables, and the only ways in.
--
-- The tables belong to the queue's package, which brings and upgrades them (store.job_tables, `screener db migrate`).
-- No role of the API may enter the schema. Whoever queues calls `private.queue_job`, in the transaction of the cause.

create schema jobs;
revoke all on schema jobs from public;
grant usage on schema jobs to screener_worker;

-- Queues one job and returns its id; where one with this `queueing_lock` waits already, that one's.
create function private.queue_job(job_name text, args jsonb, queue text, lock text default null,
  queueing_lock text default null, schedule_at timestamptz default null) returns bigint
language plpgsql security definer set search_path = jobs, pg_temp as $$
declare
  found_id bigint;
begin
  loop
    if queue_job.queueing_lock is not null then
      select j.id into found_id from procrastinate_jobs j
        where j.queueing_lock = queue_job.queueing_lock and j.status = 'todo';
      if found then
        return found_id;
      end if;
    end if;
    begin
      select id into found_id from unnest(procrastinate_defer_jobs_v1(array[
        row(queue, job_name, 0, lock, queueing_lock, args, schedule_at)::procrastinate_job_to_defer_v1])) as id;
      return found_id;
    exception when unique_violation then
      -- Somebody else queued it meanwhile, and it may have been taken since: look again.
      null;
    end;
  end loop;
end $$;

-- Queues the analysis of a signal: one at a time, and one waiting.
create function private.queue_analysis(signal_id uuid, ask integer default 1, schedule_at timestamptz default null)
returns bigint
language sql security definer set search_path = '' as $$
  select private.queue_job('analyse_signal', jsonb_build_object('signal_id', signal_id, 'ask', ask), 'analysis',
    'signal:' || signal_id, 'analyse:' || signal_id, schedule_at);
$$;

-- What a person asks for: the analysis of a signal that has none, or whose analysis failed. Its owner may ask again
-- while it waits. Returns whether a job was queued.
create function public.request_analysis(signal_id uuid) returns boolean
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
  mine := found_signal.owner_id = caller or (found_signal.owner_id is null and private.is_admin());
  if found_signal.status = 'analysing' then
    return false;
  end if;
  if not (found_signal.status in ('new', 'error') or (mine and found_signal.status = 'wait')) then
    raise exception 'a signal that is % is not analysed again', found_signal.status
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  perform private.queue_analysis(found_signal.id);
  return true;
end $$;

revoke execute on function private.queue_job(text, jsonb, text, text, text, timestamptz) from public;
revoke execute on function private.queue_analysis(uuid, integer, timestamptz) from public;
revoke execute on function public.request_analysis(uuid) from public, anon;
grant execute on function private.queue_job(text, jsonb, text, text, text, timestamptz) to screener_worker;
grant execute on function private.queue_analysis(uuid, integer, timestamptz) to screener_worker;
grant execute on function public.request_analysis(uuid) to authenticated;

-- One analysis per strategy version, symbol, candle, kind and snapshot, however often it is asked for.
alter table public.analyses add column request_key text;
create unique index analyses_by_request on public.analyses (request_key) where request_key is not null;
-- Answers that were asked for several times: what each said.
alter table public.analyses add column opinions jsonb not null default '[]' check (jsonb_typeof(opinions) = 'array');

-- The columns are read and written by whom their tables are: no new right, said for each role.
grant select (request_key, opinions) on public.analyses to anon, authenticated;
grant select (request_key, opinions), insert (request_key, opinions) on public.analyses to screener_worker;
