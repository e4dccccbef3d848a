"""The process's one Langfuse client: made when first needed, masked, and bounded where its host is down or slow.

1. `connection` gives the `Connection` for the keys in the environment; None where both keys are not set. langfuse is
   imported by its first use, not before.
2. `Connection.client` makes the client with a tracer provider of its own, so that nothing else in the process is
   traced; what waits to be sent is bounded, and what cannot be sent is dropped.
3. `flush` and the end of the process wait a bounded time: Langfuse's own flush and shutdown wait until its host
   has answered or failed for everything that waits.
4. `host_failures` puts what its requests raise into our words.
5. `masked` takes keys out of whatever is sent, and cuts what is endless.
"""

from __future__ import annotations

import atexit
import logging
import math
import os
import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from llm.gateway.failures import redacted

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 2
"""Seconds that one request to Langfuse may take; LANGFUSE_TIMEOUT overrides it."""
MAX_TEXT: Final = 40_000
MAX_ITEMS: Final = 500
MAX_DEPTH: Final = 8
WAITING_SPANS: Final = 512
BATCH: Final = 64
FLUSH_INTERVAL_S: Final = 0.5
EXIT_S: Final = 1.5
QUIET_S: Final = 300.0

_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)(?=@)")
_LOGGERS = (
    "langfuse",
    "opentelemetry.exporter.otlp.proto.http._common",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.http.transport",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.trace.export",
)


class Unavailable(Exception):
    """The client cannot be made: langfuse is missing, or a LANGFUSE_ setting is not valid."""


class HostFailed(Exception):
    """A request to Langfuse's host failed; the message says how, without its words. `status` is its answer's, 0 where
    there was none that can be read."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@contextmanager
def host_failures() -> Iterator[None]:
    """What Langfuse's client raises for a request, as `HostFailed`."""
    # Imported here: a process that asks Langfuse nothing does not load them.
    from httpx import HTTPError
    from langfuse.api.core.api_error import ApiError

    try:
        yield
    except ApiError as error:
        raise HostFailed(f"the host answered {error.status_code}", error.status_code or 0) from error
    except (HTTPError, OSError) as error:
        raise HostFailed("the host cannot be reached") from error
    except (ValueError, TypeError, LookupError) as error:
        raise HostFailed("the host's answer cannot be read") from error


class Connection:
    """One project of one Langfuse host."""

    def __init__(self, public_key: str, secret_key: str, base_url: str | None) -> None:
        self._keys = (public_key, secret_key, base_url)
        self._lock = threading.Lock()
        self._client: Any = None
        self._failed = False
        self._late = False
        self._flushes: queue.SimpleQueue[threading.Event] = queue.SimpleQueue()

    @property
    def client(self) -> Any:
        """The `langfuse.Langfuse` client, made at the first call. Raises `Unavailable`, which is logged once."""
        with self._lock:
            if self._client is None:
                if self._failed:
                    raise Unavailable("Langfuse's client could not be made")
                try:
                    self._client = self._made()
                except (ImportError, ValueError, TypeError) as error:
                    self._failed = True
                    log.warning("Langfuse is configured and cannot be used: %s", redacted(str(error)))
                    raise Unavailable(str(error)) from error
            return self._client

    @property
    def used(self) -> bool:
        """Whether the client has been made."""
        return self._client is not None

    def project(self) -> str:
        """The name of the keys' project, asked of the host once. Raises `Unavailable` and `HostFailed`."""
        client = self.client
        with host_failures():
            found = client.api.projects.get(request_options={"timeout_in_seconds": TIMEOUT_S, "max_retries": 0})
            return str(found.data[0].name)

    def flush(self, timeout_s: float) -> bool:
        """Send what waits; false where that took longer than `timeout_s` seconds, and goes on without us."""
        if self._client is None:
            return True
        done = threading.Event()
        self._flushes.put(done)
        self._late = not done.wait(timeout_s)
        return not self._late

    def _made(self) -> Any:
        # Imported here: a process that traces nothing does not load them.
        from langfuse import Langfuse
        from opentelemetry.sdk.trace import TracerProvider

        public_key, secret_key, base_url = self._keys
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_QUIET)
        with _environment(OTEL_BSP_MAX_QUEUE_SIZE=str(WAITING_SPANS)):
            client = Langfuse(
                public_key=public_key,
                secret_key=secret_key,
                base_url=base_url,
                timeout=int(os.environ.get("LANGFUSE_TIMEOUT") or TIMEOUT_S),
                flush_at=BATCH,
                flush_interval=FLUSH_INTERVAL_S,
                mask=_mask,
                tracer_provider=TracerProvider(shutdown_on_exit=False),
            )
        # Its own handler waits for the host without a limit.
        if client._resources is not None:
            atexit.unregister(client._resources.shutdown)
        atexit.register(self._at_exit)
        threading.Thread(target=self._flushing, args=(client,), name="langfuse-flush", daemon=True).start()
        return client

    def _flushing(self, client: Any) -> None:
        while True:
            waiting = [self._flushes.get()]
            while not self._flushes.empty():
                waiting.append(self._flushes.get())
            client.flush()
            for done in waiting:
                done.set()

    def _at_exit(self) -> None:
        if not self._late:
            self.flush(EXIT_S)


_connections: dict[tuple[str, str, str | None], Connection] = {}
_connecting = threading.Lock()


def connection(environment: Mapping[str, str] | None = None) -> Connection | None:
    """The connection for LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL, one for each set of them;
    None where a key is missing."""
    env = os.environ if environment is None else environment
    public_key, secret_key = env.get("LANGFUSE_PUBLIC_KEY"), env.get("LANGFUSE_SECRET_KEY")
    if not public_key or not secret_key:
        return None
    keys = (public_key, secret_key, env.get("LANGFUSE_BASE_URL") or env.get("LANGFUSE_HOST") or None)
    with _connecting:
        return _connections.setdefault(keys, Connection(*keys))


def masked(value: object, depth: int = 0) -> Any:
    """`value` without keys and passwords, its texts, lists and nesting cut to a bounded size.

    Numbers that JSON has no word for become None; an object that is none of JSON's becomes its text.
    """
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case str():
            return _masked_text(value)
    if depth >= MAX_DEPTH:
        return "…"
    match value:
        case Mapping():
            return {_masked_text(str(key)): masked(value[key], depth + 1) for key in list(value)[:MAX_ITEMS]}
        case Sequence() | set() | frozenset():
            return [masked(item, depth + 1) for item in list(value)[:MAX_ITEMS]]
        case _:
            return _masked_text(str(value))


def _mask(*, data: Any, **_: Any) -> Any:
    """The client's own hook: what reaches it by another way than ours is masked as well."""
    return masked(data)


def _masked_text(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    # Masked before it is cut, so that no half of a key is left at the end.
    safe = _PASSWORD.sub(r"\1:…", redacted(text[: MAX_TEXT + 1_000]))
    return safe if len(text) <= MAX_TEXT else f"{safe[:MAX_TEXT]}… ({len(text):,} characters)"


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """These variables where they are not set: OpenTelemetry takes the size of its queue from nowhere else."""
    ours = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


class _Quiet(logging.Filter):
    """One line of each kind in five minutes: with the host down each batch would write one."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = (record.name, str(record.msg)[:60]), time.monotonic()
        if now - self._said.get(kind, -QUIET_S) < QUIET_S:
            return False
        if len(self._said) > 200:
            self._said.clear()
        self._said[kind] = now
        record.msg, record.args = redacted(record.getMessage()), ()
        return True


_QUIET = _Quiet()
