-- Who analyses a signal: a job that was given to another worker while its own was still at it stores nothing any more.
alter table public.signals add column claim uuid;
