-- The queue takes what is asked for now, by strategies in turn; what an analysis cost may be unknown, and one that came
-- to nothing cost something too.

drop function private.queue_analysis(uuid, integer, timestamptz);
drop function private.queue_job(text, jsonb, text, text, text, timestamptz);

-- Queues one job and returns its id. Where one with this `queueing_lock` waits already it is that one, which then waits
-- no longer, and stands no further back, than the new one would. A higher `priority` is taken first.
create function private.queue_job(job_name text, args jsonb, queue text, lock text default null,
  queueing_lock text default null, schedule_at timestamptz default null, priority integer default 0) returns bigint
language plpgsql security definer set search_path = jobs, pg_temp as $$
declare
  found_id bigint;
begin
  loop
    if queue_job.queueing_lock is not null then
      update procrastinate_jobs j
        set scheduled_at = case when j.scheduled_at is null or queue_job.schedule_at is null then null
              else least(j.scheduled_at, queue_job.schedule_at) end,
            priority = greatest(j.priority, queue_job.priority)
        where j.queueing_lock = queue_job.queueing_lock and j.status = 'todo' returning j.id into found_id;
      if found then
        return found_id;
      end if;
    end if;
    begin
      select id into found_id from unnest(procrastinate_defer_jobs_v1(array[row(queue, job_name, queue_job.priority,
        queue_job.lock, queue_job.queueing_lock, queue_job.args,
        queue_job.schedule_at)::procrastinate_job_to_defer_v1])) as id;
      return found_id;
    exception when unique_violation then
      -- Somebody else queued it meanwhile, and it may have been taken since: look again.
      null;
    end;
  end loop;
end $$;

-- Queues the analysis of a signal: one at a time, and one waiting, which is told the newest `ask`. Without it the
-- analyses stored are counted: a signal that was analysed before is looked at as of now.
create function private.queue_analysis(signal_id uuid, ask integer default null, schedule_at timestamptz default null,
  priority integer default 0) returns bigint
language plpgsql security definer set search_path = jobs, pg_temp as $$
declare
  number constant integer := coalesce(queue_analysis.ask, 1 + (select count(*)::integer from public.analyses a
    where a.signal_id = queue_analysis.signal_id and a.position_id is null));
  wanted constant jsonb := jsonb_build_object('signal_id', queue_analysis.signal_id, 'ask', number);
  job constant bigint := private.queue_job('analyse_signal', wanted, 'analysis', 'signal:' || queue_analysis.signal_id,
    'analyse:' || queue_analysis.signal_id, queue_analysis.schedule_at, queue_analysis.priority);
begin
  update procrastinate_jobs j set args = wanted where j.id = job and j.status = 'todo' and j.args <> wanted;
  return job;
end $$;

-- What a person asks for, now: the analysis of a signal that has none, or whose analysis failed. Its owner may ask again
-- while it waits. Returns whether a job was queued.
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
  perform private.queue_analysis(found_signal.id, priority => 1);
  return true;
end $$;

revoke execute on function private.queue_job(text, jsonb, text, text, text, timestamptz, integer) from public;
revoke execute on function private.queue_analysis(uuid, integer, timestamptz, integer) from public;
grant execute on function private.queue_job(text, jsonb, text, text, text, timestamptz, integer) to screener_worker;
grant execute on function private.queue_analysis(uuid, integer, timestamptz, integer) to screener_worker;

-- Whether a model was asked, and what it cost: null where no price is known, which a 0 of before may have meant too.
alter table public.analyses
  add column asked boolean not null default false,
  alter column cost drop not null;
alter table public.analyses disable trigger append_only;
update public.analyses
  set asked = true, cost = case when cost = 0 then null else cost end
  where input_tokens > 0 or output_tokens > 0;
alter table public.analyses enable trigger append_only;
grant select (asked) on public.analyses to anon, authenticated;
grant select (asked), insert (asked) on public.analyses to screener_worker;

-- Analyses that came to no decision: why, and what the model's answers cost all the same.
create table public.analysis_failures (
  id uuid primary key default gen_random_uuid(),
  signal_id uuid not null references public.signals (id) on delete cascade,
  model text not null,
  reason text not null,
  latency_ms double precision not null default 0,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost numeric,
  created_at timestamptz not null default now()
);
create index analysis_failures_by_signal on public.analysis_failures (signal_id, created_at desc);
create trigger append_only before update or delete on public.analysis_failures
  for each row execute function private.forbid_change();
alter table public.analysis_failures enable row level security;

-- They are as visible as their signal.
grant select on public.analysis_failures to anon, authenticated;
create policy visitor_read on public.analysis_failures for select to anon
  using (signal_id in (select id from public.signals));
create policy member_read on public.analysis_failures for select to authenticated
  using (signal_id in (select id from public.signals));
grant all on public.analysis_failures to service_role;
grant select, insert on public.analysis_failures to screener_worker;
create policy worker_select on public.analysis_failures for select to screener_worker using (true);
create policy worker_insert on public.analysis_failures for insert to screener_worker with check (true);
