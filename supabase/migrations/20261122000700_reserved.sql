-- What an entry may cost is set aside with its intent, so that two at the same moment cannot spend the same money. It is
-- held while the order has no end and ends with it; a fill moves its part into the position (store.orders).

alter table public.orders add column reserved numeric not null default 0
  check (reserved >= 0 and (purpose = 'entry' or reserved = 0));
update public.orders set reserved = quantity * coalesce(limit_price, trigger_price, 0)
  where purpose = 'entry' and state in ('intent', 'sent', 'open', 'partially_filled', 'unknown');
create index orders_entering on public.orders (owner_id)
  where purpose = 'entry' and state in ('intent', 'sent', 'open', 'partially_filled', 'unknown');
