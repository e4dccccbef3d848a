"""Prompts: versioned Jinja templates, from the `prompts` package or, where that is switched on, from Langfuse.

1. `render` fills the package's own templates in: exactly the declared variables, undefined names are errors.
2. `compose` takes Langfuse's version of a prompt where one is managed there and fit, else the package's, and says
   which version it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import TemplateError

from llm.models import Message
from llm.prompt_sources import MANAGED, managed_prompts
from llm.templates import Prompt, environment, manifest

__all__ = ["Composed", "Prompt", "PromptError", "compose", "manifest", "render"]


class PromptError(Exception):
    """A prompt is missing, or was given the wrong variables: a mistake of ours, not of a user."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt filled in. `version` names the text that was used: the manifest's, or "langfuse 7"."""

    prompt: Prompt
    version: str
    messages: tuple[Message, ...]


async def compose(name: str, variables: Mapping[str, object]) -> Composed:
    """Prompt `name` filled in, with the version to store beside the answer; raises `PromptError` as `render` does.

    A managed prompt that cannot be had or filled in is no error: the package's own is taken. No caller waits for
    Langfuse's host longer than a moment, and that only where the prompt was never fetched before.
    """
    prompt = _declared(name, variables)
    source = managed_prompts()
    if source is not None:
        managed = await source.get(prompt)
        messages = source.filled(managed, variables) if managed is not None else None
        if managed is not None and messages is not None:
            return Composed(prompt, f"{MANAGED} {managed.version}", messages)
    return Composed(prompt, prompt.version, render(name, variables))


def render(name: str, variables: Mapping[str, object]) -> tuple[Message, ...]:
    """The messages of the package's prompt `name`; raises `PromptError` where it or a variable is missing, or one is
    not declared."""
    prompt = _declared(name, variables)
    try:
        user = Message("user", environment().get_template(prompt.user).render(variables).strip())
        if not prompt.system:
            return (user,)
        return (Message("system", environment().get_template(prompt.system).render(variables).strip()), user)
    except TemplateError as error:
        raise PromptError(f"Prompt '{name}' does not render: {error}") from error


def _declared(name: str, variables: Mapping[str, object]) -> Prompt:
    prompt = manifest().get(name)
    if prompt is None:
        raise PromptError(f"There is no prompt '{name}'.")
    missing, extra = prompt.variables - variables.keys(), variables.keys() - prompt.variables
    if missing or extra:
        raise PromptError(f"Prompt '{name}': missing {sorted(missing)}, not declared {sorted(extra)}.")
    return prompt
