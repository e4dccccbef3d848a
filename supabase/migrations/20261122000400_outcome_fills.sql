-- Where a plan was entered: the open of its first minute, which may be another price than the one it was made at.
alter table public.outcomes add column filled numeric check (filled > 0);

-- What was followed before was entered at the price it was made at.
update public.outcomes set filled = entry where state <> 'invalid';
