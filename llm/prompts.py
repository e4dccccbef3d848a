"""Prompts: Jinja templates in the `prompts` package, with a manifest of versions, purposes and variables.

1. `manifest` reads `prompts/manifest.toml`, once.
2. `render` checks that exactly the declared variables are given, and renders the templates with undefined
   names as errors.
3. A person's text reaches a template through `prompts/fence.j2`: between tags with a mark that does not
   occur in it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound

from llm.models import Message, Tier

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class PromptError(Exception):
    """A prompt is missing, or was given the wrong variables: a mistake of ours, not of a user."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One row of the manifest. `system` and `user` are file names; `system` may be empty.

    `tier`, `temperature` (0 to 2) and `max_tokens` (of the answer) are how a model is asked, where the
    settings do not say otherwise.
    """

    name: str
    version: str
    purpose: str
    system: str
    user: str
    variables: frozenset[str]
    tier: Tier = "standard"
    temperature: float = 0.0
    max_tokens: int = 2_000


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt filled in. `version` names the text that was used: the manifest's, or "langfuse 7"."""

    prompt: Prompt
    version: str
    messages: tuple[Message, ...]


class _Loader(BaseLoader):
    """Templates from the installed package, wherever it lies (a folder or a zip)."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        file = resources.files("prompts").joinpath(template)
        if "/" in template or not file.is_file():
            raise TemplateNotFound(template)
        return file.read_text(encoding="utf-8"), None, None


@cache
def manifest() -> Mapping[str, Prompt]:
    """Every prompt by name."""
    rows = tomllib.loads(resources.files("prompts").joinpath("manifest.toml").read_text(encoding="utf-8"))
    return {
        name: Prompt(
            name=name,
            version=str(row["version"]),
            purpose=str(row["purpose"]),
            system=str(row.get("system", "")),
            user=str(row["user"]),
            variables=frozenset(row["variables"]),
            tier=row["tier"],
            temperature=float(row["temperature"]),
            max_tokens=int(row["max_tokens"]),
        )
        for name, row in rows.items()
    }


async def compose(name: str, variables: Mapping[str, object]) -> Composed:
    """Prompt `name` filled in, with the version to store beside the answer; raises `PromptError` as `render`
    does."""
    messages = render(name, variables)
    prompt = manifest()[name]
    return Composed(prompt, prompt.version, messages)


def render(name: str, variables: Mapping[str, object]) -> tuple[Message, ...]:
    """The messages of prompt `name`; raises `PromptError` where it or a variable is missing, or one is
    not declared."""
    prompt = manifest().get(name)
    if prompt is None:
        raise PromptError(f"There is no prompt '{name}'.")
    missing, extra = prompt.variables - variables.keys(), variables.keys() - prompt.variables
    if missing or extra:
        raise PromptError(f"Prompt '{name}': missing {sorted(missing)}, not declared {sorted(extra)}.")
    try:
        user = Message("user", _environment().get_template(prompt.user).render(variables).strip())
        if not prompt.system:
            return (user,)
        return (Message("system", _environment().get_template(prompt.system).render(variables).strip()), user)
    except TemplateError as error:
        raise PromptError(f"Prompt '{name}' does not render: {error}") from error


@cache
def _environment() -> Environment:
    # Prompts are plain text, so there is no HTML to escape.
    environment = Environment(loader=_Loader(), undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters["mark"] = _mark
    environment.filters["tame"] = _tame
    return environment


def _mark(text: str) -> str:
    """A mark for the tags around `text`, the same for the same text, that does not occur in it."""
    digest = hashlib.sha256(str(text).encode("utf-8", "replace")).hexdigest()
    return next((digest[at : at + 8] for at in range(0, 56, 8) if digest[at : at + 8] not in str(text)), digest)


def _tame(text: str) -> str:
    """Text without control characters other than line breaks and tabs."""
    return _CONTROL.sub(" ", str(text).replace("\r\n", "\n"))
