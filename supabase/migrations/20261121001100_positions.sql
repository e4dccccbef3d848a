-- Signals that wait are watched; open positions are managed, and may be closed in parts.

-- How a signal in `wait` is watched (app.monitoring): until when, the conditions, when it was asked again, the checks.
alter table public.signals add column watch jsonb check (jsonb_typeof(watch) = 'object');
create index signals_waiting on public.signals (interval) where status = 'wait';

-- One R is measured from the first stop and the first quantity, whatever both are now. `thesis` is what the position is
-- held for (app.managing): its invalidation, the analysis it came from, the checks and when it was last decided on.
alter table public.positions
  add column initial_stop numeric check (initial_stop > 0),
  add column initial_quantity numeric check (initial_quantity > 0),
  add column thesis jsonb check (jsonb_typeof(thesis) = 'object');
update public.positions set initial_stop = stop, initial_quantity = quantity;

create function private.first_of_position() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.initial_stop := coalesce(new.initial_stop, new.stop);
  new.initial_quantity := coalesce(new.initial_quantity, new.quantity);
  return new;
end $$;
create trigger first before insert on public.positions
  for each row execute function private.first_of_position();
revoke execute on function private.first_of_position() from public;
alter table public.positions alter column initial_quantity set not null;

-- Risk never grows, whoever writes: an open position's stop moves toward the price only, and its quantity only shrinks.
create function private.forbid_more_risk() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.quantity > old.quantity or new.initial_quantity <> old.initial_quantity
    or (old.initial_stop is not null and new.initial_stop is distinct from old.initial_stop) then
    raise exception 'the quantity of a position never grows' using errcode = 'check_violation';
  end if;
  if old.stop is not null and (new.stop is null
    or (new.stop - old.stop) * case old.side when 'long' then 1 else -1 end < 0) then
    raise exception 'the stop of a position never moves away' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger no_more_risk before update of quantity, stop, initial_stop, initial_quantity on public.positions
  for each row execute function private.forbid_more_risk();
revoke execute on function private.forbid_more_risk() from public;

-- A part of a position is sold by an order of its own kind.
alter table public.orders drop constraint orders_purpose_check;
alter table public.orders add constraint orders_purpose_check check (purpose in ('entry', 'exit', 'reduce'));

-- Whether a follower's positions are managed at each close, beside their stop and target.
alter table public.subscriptions add column manage boolean not null default true;
grant insert (manage), update (manage) on public.subscriptions to authenticated;
