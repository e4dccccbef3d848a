-- An approval names the analysis that was approved: the entry takes its levels and no others.

alter table public.signal_decisions
  add column analysis_id uuid references public.analyses (id) on delete set null;
create index signal_decisions_by_analysis on public.signal_decisions (analysis_id);

-- Approvals given before were given to the entry that stood then.
update public.signal_decisions d set analysis_id = (
  select a.id from public.analyses a
    where a.signal_id = d.signal_id and a.position_id is null and a.decision = 'enter_trade'
      and a.created_at <= d.created_at
    order by a.created_at desc limit 1)
  where d.decision = 'approve';

-- As before, and: an approval is bound to the analysis that the caller saw (`analysis_id`), which must be the newest and
-- say to enter; who names none approves the newest that says so. Anybody but the owner may answer a shared signal that
-- others answered.
drop function public.decide_signal(uuid, text, text);
create function public.decide_signal(signal_id uuid, decision text, note text default '', analysis_id uuid default null)
returns public.signal_decisions
language plpgsql security definer set search_path = '' as $$
declare
  caller constant uuid := auth.uid();
  found_signal public.signals;
  answer public.signal_decisions;
  approved uuid;
  open_states text[] := case decision
    when 'approve' then array['enter']
    else array['new', 'analysing', 'enter', 'wait', 'error', 'expired', 'rejected', 'blocked'] end;
  moves boolean;
begin
  if caller is null then
    raise exception 'sign in to decide on a signal' using errcode = 'insufficient_privilege';
  end if;
  if decision is null or decision not in ('approve', 'decline') then
    raise exception 'a decision is approve or decline' using errcode = 'invalid_parameter_value';
  end if;
  select s.* into found_signal
    from public.signals s join public.strategies t on t.id = s.strategy_id
    where s.id = decide_signal.signal_id
      and (t.owner_id = caller or (t.owner_id is null and (t.visibility = 'public' or private.is_admin())))
    for update of s;
  if not found then
    raise exception 'there is no such signal' using errcode = 'no_data_found';
  end if;
  select d.* into answer from public.signal_decisions d
    where d.owner_id = caller and d.signal_id = found_signal.id;
  if found then
    if answer.decision = decide_signal.decision then
      return answer;
    end if;
    raise exception 'this signal was already answered with %', answer.decision
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  -- A built-in strategy has no owner, and a comparison with nobody is unknown.
  moves := coalesce(found_signal.owner_id = caller, private.is_admin());
  if not moves then
    open_states := open_states || array['approved', 'declined', 'blocked', 'ordered', 'in_position'];
  end if;
  if not (found_signal.status = any (open_states)) then
    raise exception 'a signal that is % cannot be answered with %', found_signal.status, decide_signal.decision
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  if decide_signal.decision = 'approve' then
    select a.id into approved from public.analyses a
      where a.signal_id = found_signal.id and a.position_id is null
        and (a.decision = 'enter_trade' or decide_signal.analysis_id is not null)
      order by a.created_at desc limit 1;
    if decide_signal.analysis_id is not null and not exists (
      select from public.analyses a
        where a.id = approved and a.id = decide_signal.analysis_id and a.decision = 'enter_trade')
    then
      raise exception 'the signal was analysed again since you looked; look at it again'
        using errcode = 'object_not_in_prerequisite_state';
    end if;
  end if;
  insert into public.signal_decisions (signal_id, owner_id, decision, note, analysis_id)
    values (found_signal.id, caller, decide_signal.decision, coalesce(decide_signal.note, ''), approved)
    returning * into answer;
  if moves then
    update public.signals s
      set status = case decide_signal.decision when 'approve' then 'approved' else 'declined' end
      where s.id = found_signal.id;
  end if;
  return answer;
end $$;
revoke execute on function public.decide_signal(uuid, text, text, uuid) from public, anon;
grant execute on function public.decide_signal(uuid, text, text, uuid) to authenticated;
