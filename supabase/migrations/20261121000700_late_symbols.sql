-- Symbols whose candle came after its minute was screened: counted in the run, and marked on what they fired.

alter table public.screen_runs add column symbols_late integer not null default 0;
-- Market seconds from the close until the last of the symbols that came was screened.
alter table public.screen_runs add column slowest_seconds double precision;

alter table public.signals add column late boolean not null default false;
-- Market seconds from the candle's close until it was there; null where it came in time.
alter table public.signals add column late_seconds double precision check (late_seconds >= 0);

-- That late symbols were screened is news of a run as much as its end.
drop trigger announce_change on public.screen_runs;
create trigger announce_change after update on public.screen_runs
  for each row when (new.status <> 'running'
    and (new.status, new.symbols_late) is distinct from (old.status, old.symbols_late))
  execute function private.announce('run');

-- The columns are read and written by whom their tables are: no new right, said for each role.
grant select (symbols_late, slowest_seconds) on public.screen_runs to anon, authenticated;
grant select (symbols_late, slowest_seconds), insert (symbols_late, slowest_seconds),
  update (symbols_late, slowest_seconds) on public.screen_runs to screener_worker;
grant select (late, late_seconds) on public.signals to anon, authenticated;
grant select (late, late_seconds), insert (late, late_seconds), update (late, late_seconds) on public.signals
  to screener_worker;
