-- A signal follows the order of the one person whose answer moved it: its owner, or the administrator who answered for a
-- built-in strategy. What becomes of anybody else's order stands with that person's answer and order alone.

alter table public.signal_decisions add column moves boolean not null default false;

-- Of answers given before, those of whom the signal belongs to.
update public.signal_decisions set moves = true where id in (
  select distinct on (d.signal_id) d.id
    from public.signal_decisions d join public.signals s on s.id = d.signal_id
    where s.owner_id = d.owner_id
      or (s.owner_id is null and d.owner_id in (select a.user_id from public.admins a))
    order by d.signal_id, d.created_at, d.id);
create unique index signal_decisions_one_moves on public.signal_decisions (signal_id) where moves;

-- As before, and the answer says whether it moves the signal.
create or replace function public.decide_signal(signal_id uuid, decision text, note text default '',
  analysis_id uuid default null)
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
  -- One that was blocked and is declined now had its mover before, who may be another administrator.
  moves := moves and not exists (
    select from public.signal_decisions d where d.signal_id = found_signal.id and d.moves);
  insert into public.signal_decisions (signal_id, owner_id, decision, note, analysis_id, moves)
    values (found_signal.id, caller, decide_signal.decision, coalesce(decide_signal.note, ''), approved, moves)
    returning * into answer;
  if moves then
    update public.signals s
      set status = case decide_signal.decision when 'approve' then 'approved' else 'declined' end
      where s.id = found_signal.id;
  end if;
  return answer;
end $$;
