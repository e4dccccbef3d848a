-- What a generation cost may be unknown: null where a model was asked whose price nobody knows, which a 0 of before may
-- have meant too.
alter table public.generations alter column cost drop not null;
update public.generations set cost = null where cost = 0 and (input_tokens > 0 or output_tokens > 0);
