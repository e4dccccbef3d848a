"""Prompts managed in Langfuse: fetched, checked, cached for five minutes; the package's own wherever that fails.

1. `managed_prompts` is None unless both keys are set and SCREENER_LANGFUSE_PROMPTS is switched on.
2. `LangfusePrompts.get` answers from the cache. A stale prompt is answered at once and fetched anew in the background;
   one never fetched is waited for, a moment, unless that was in vain within the last five minutes. What could not be
   had is asked for again five minutes later.
3. A fetched prompt is used only where its templates have no faults (`llm.templates.faults`); why one is not is logged
   once.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from jinja2 import TemplateError

from llm.gateway.failures import redacted
from llm.langfuse_client import Connection, HostFailed, Unavailable, connection, host_failures
from llm.models import Message
from llm.templates import Prompt, Role, environment, faults, sources

log = logging.getLogger(__name__)

MANAGED: Final = "langfuse"
SWITCH: Final = "SCREENER_LANGFUSE_PROMPTS"
LABEL: Final = "production"
TTL_S: Final = 300.0
WAIT_S: Final = 1.0
FETCH_S: Final = 2
MAX_TEMPLATE: Final = 200_000
MAX_MESSAGES: Final = 400_000
_ON = frozenset({"1", "true", "yes", "on"})


class PromptUnavailable(Exception):
    """Langfuse gave no usable prompt; the message says why. `passing` where its host may give one later."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class ManagedPrompt:
    """A version of a prompt that Langfuse holds: role and Jinja text of each message."""

    name: str
    version: int
    parts: tuple[tuple[Role, str], ...]


@dataclass
class _Entry:
    """What the cache knows of one prompt; `found` is None where none could be had."""

    found: ManagedPrompt | None = None
    fetched_at: float | None = None
    fetching: threading.Event | None = None


class LangfusePrompts:
    """The prompts of one Langfuse project under the label "production". Safe across threads."""

    def __init__(
        self, connection: Connection, *, ttl_s: float = TTL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connection = connection
        self._ttl_s = ttl_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._told: set[tuple[str, str]] = set()
        self._patient_at = -math.inf

    async def get(self, prompt: Prompt) -> ManagedPrompt | None:
        """The prompt as Langfuse has it, at most five minutes old, or older while it is fetched anew; None where the
        package's own is to be taken."""
        with self._lock:
            entry = self._entries.setdefault(prompt.name, _Entry())
            fresh = entry.fetched_at is not None and self._clock() - entry.fetched_at < self._ttl_s
            if not fresh and entry.fetching is None:
                entry.fetching = threading.Event()
                threading.Thread(
                    target=self._refresh, args=(prompt, entry), name="langfuse-prompt", daemon=True
                ).start()
            first = entry.fetching if entry.fetched_at is None and self._clock() >= self._patient_at else None
        if first is not None and not await asyncio.to_thread(first.wait, WAIT_S):
            self._patient_at = self._clock() + self._ttl_s
        return entry.found

    def fetch(self, prompt: Prompt) -> ManagedPrompt:
        """Ask Langfuse now, without the cache, at most `FETCH_S` seconds. Raises `PromptUnavailable`."""
        answer = self._asked(prompt.name)
        if len(str(answer.prompt)) > MAX_TEMPLATE:
            raise PromptUnavailable(f"version {answer.version} has more than {MAX_TEMPLATE:,} characters")
        made = ManagedPrompt(prompt.name, int(answer.version), _parts(answer, prompt))
        wrong = [fault for _, text in made.parts for fault in faults(text, prompt)]
        if wrong:
            raise PromptUnavailable(f"version {made.version}: {'; '.join(wrong)}")
        return made

    def publish(self, prompt: Prompt) -> int | None:
        """Make the package's own text the version labelled "production". Returns the new version, None where Langfuse
        has this text already; raises `PromptUnavailable`."""
        ours = sources(prompt)
        try:
            if _parts(self._asked(prompt.name), prompt) == ours:
                return None
        except PromptUnavailable as error:
            if error.passing:
                raise
        with _reasons():
            made = self._client().create_prompt(
                name=prompt.name,
                type="chat",
                prompt=[{"role": role, "content": text} for role, text in ours],
                labels=[LABEL],
                tags=["screener"],
                config={"version": prompt.version, "variables": sorted(prompt.variables)},
                commit_message=f"version {prompt.version} of the package",
            )
        return int(made.version)

    def filled(self, managed: ManagedPrompt, variables: Mapping[str, object]) -> tuple[Message, ...] | None:
        """The managed prompt's messages; None, logged once, where it cannot be filled in."""
        try:
            made = [
                Message(role, environment().from_string(text).render(variables).strip()) for role, text in managed.parts
            ]
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            self._tell(managed.name, f"version {managed.version} does not render: {redacted(str(error))[:300]}")
            return None
        if sum(len(message.content) for message in made) > MAX_MESSAGES:
            self._tell(managed.name, f"version {managed.version} becomes longer than {MAX_MESSAGES:,} characters")
            return None
        return tuple(made)

    def _refresh(self, prompt: Prompt, entry: _Entry) -> None:
        found: ManagedPrompt | None = None
        try:
            found = self.fetch(prompt)
        except PromptUnavailable as error:
            # A host that is away takes nothing back that it gave before.
            found = entry.found if error.passing else None
            self._tell(prompt.name, str(error))
        finally:
            with self._lock:
                entry.found, entry.fetched_at = found, self._clock()
                done, entry.fetching = entry.fetching, None
            if done is not None:
                done.set()

    def _asked(self, name: str) -> Any:
        with _reasons():
            return self._client().api.prompts.get(
                quote(name, safe=""),
                label=LABEL,
                request_options={"timeout_in_seconds": FETCH_S, "max_retries": 0},
            )

    def _client(self) -> Any:
        try:
            return self._connection.client
        except Unavailable as error:
            raise PromptUnavailable(str(error)) from error

    def _tell(self, name: str, reason: str) -> None:
        with self._lock:
            if (name, reason) in self._told or len(self._told) > 1_000:
                return
            self._told.add((name, reason))
        log.warning("the package's own prompt %s is used; Langfuse's: %s", name, reason)


def managed_prompts(environment: Mapping[str, str] | None = None) -> LangfusePrompts | None:
    """The prompts of the Langfuse project in the environment; None where SCREENER_LANGFUSE_PROMPTS is not on, or a key
    is missing."""
    env = os.environ if environment is None else environment
    if env.get(SWITCH, "").strip().lower() not in _ON:
        return None
    found = connection(env)
    return None if found is None else _prompts(found)


@cache
def _prompts(connection: Connection) -> LangfusePrompts:
    return LangfusePrompts(connection)


@contextmanager
def _reasons() -> Iterator[None]:
    """Failures of the host as `PromptUnavailable`."""
    try:
        with host_failures():
            yield
    except HostFailed as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise PromptUnavailable(f"there is none labelled {LABEL}") from error
        raise PromptUnavailable(str(error), passing=True) from error


def _parts(answer: Any, prompt: Prompt) -> tuple[tuple[Role, str], ...]:
    """The messages of a fetched prompt. Raises `PromptUnavailable` where they are not those of `prompt`."""
    if isinstance(answer.prompt, str):
        found: list[tuple[Any, Any]] = [("user", answer.prompt)]
    else:
        found = [(getattr(part, "role", None), getattr(part, "content", None)) for part in answer.prompt]
    wanted = [role for role, _ in sources(prompt)]
    if [role for role, _ in found] != wanted or not all(isinstance(text, str) for _, text in found):
        raise PromptUnavailable(f"version {answer.version} needs the messages {' and '.join(wanted)}")
    return tuple(found)
