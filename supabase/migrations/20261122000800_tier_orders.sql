-- A tier's `execution` and `live` are held here whoever writes: approvals, entries, and terms that would trade unasked or
-- with real money. What is open may always be left.

create function private.check_may_trade(person uuid, mode text) returns void
language plpgsql security definer set search_path = '' as $$
declare
  its public.tiers;
begin
  select t.* into its from public.profiles p join public.tiers t on t.name = p.tier where p.id = person;
  if its.execution and (mode = 'paper' or its.live) then
    return;
  end if;
  raise exception 'your tier, %, has no %; ask an administrator for another (screener user tier)', its.name,
      case when its.execution then 'live trading' else 'trading' end
    using errcode = 'insufficient_privilege';
end $$;

create function private.within_tier() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.check_may_trade(new.owner_id, coalesce(to_jsonb(new) ->> 'mode', 'paper'));
  return new;
end $$;

create trigger within_tier before insert or update of owner_id, purpose, mode on public.orders
  for each row when (new.purpose = 'entry') execute function private.within_tier();
create trigger within_tier before insert on public.signal_decisions
  for each row when (new.decision = 'approve') execute function private.within_tier();
create trigger within_tier before insert or update of owner_id, mode, approval on public.subscriptions
  for each row when (new.mode = 'live' or new.approval = 'automatic') execute function private.within_tier();

-- Gives a person, named by id or e-mail address, a tier. Administrators only.
create function public.set_tier(person text, tier text) returns public.profiles
language plpgsql security definer set search_path = '' as $$
declare
  named constant text := lower(trim(set_tier.person));
  found_ids uuid[];
  changed public.profiles;
begin
  if not private.is_admin() then
    raise exception 'only administrators give tiers' using errcode = 'insufficient_privilege';
  end if;
  if coalesce(set_tier.tier not in ('free', 'pro', 'elite'), true) then
    raise exception 'a person has the tier free, pro or elite, not %', set_tier.tier
      using errcode = 'invalid_parameter_value';
  end if;
  select array_agg(u.id) into found_ids from auth.users u where u.id::text = named or lower(u.email) = named;
  if cardinality(found_ids) > 1 then
    raise exception 'several people have the e-mail address %; name one by id', set_tier.person
      using errcode = 'invalid_parameter_value';
  end if;
  update public.profiles p set tier = set_tier.tier where p.id = found_ids[1] returning p.* into changed;
  if not found then
    raise exception 'nobody has the id or e-mail address %', set_tier.person using errcode = 'no_data_found';
  end if;
  return changed;
end $$;

revoke execute on function private.check_may_trade(uuid, text) from public;
revoke execute on function private.within_tier() from public;
revoke execute on function public.set_tier(text, text) from public, anon;
grant execute on function public.set_tier(text, text) to authenticated;
