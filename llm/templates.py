"""The prompts package: its manifest, and the Jinja environment that fills templates in.

1. `manifest` reads `prompts/manifest.toml`, once.
2. `environment` makes undefined names errors and keeps templates in a sandbox. A person's text reaches a template as a
   value, never as a template, through `prompts/fence.j2`: between tags with a mark that does not occur in it.
3. `faults` says what is wrong with a template before it is used: syntax, names that are not declared, a person's text
   outside the fence. Templates from elsewhere pass it or are not used; a test holds ours to it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llm.models import Tier

Role = Literal["system", "user"]
FENCE: Final = "fence.j2"
# Control characters, the marks that turn the direction of text, and the invisible letters that can hide a message.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One row of the manifest. `system` and `user` are file names; `system` may be empty.

    `variables` are what the templates need, `data` those of them that hold text of a person or a model: it is shown
    between fences only, but for the attributes in `plain`. `tier`, `temperature` (0 to 2) and `max_tokens` (of the
    answer) are how a model is asked, where the settings do not say otherwise.
    """

    name: str
    version: str
    purpose: str
    system: str
    user: str
    variables: frozenset[str]
    data: frozenset[str]
    plain: frozenset[str]
    tier: Tier
    temperature: float
    max_tokens: int


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
            data=frozenset(row["data"]),
            plain=frozenset(row.get("plain", ())),
            tier=row["tier"],
            temperature=float(row["temperature"]),
            max_tokens=int(row["max_tokens"]),
        )
        for name, row in rows.items()
    }


def sources(prompt: Prompt) -> tuple[tuple[Role, str], ...]:
    """Role and template text of each message of a prompt, as the package holds them."""
    files: tuple[tuple[Role, str], ...] = (("system", prompt.system), ("user", prompt.user))
    return tuple((role, _Loader().get_source(environment(), file)[0]) for role, file in files if file)


@cache
def environment() -> Environment:
    """The one Jinja environment; prompts are plain text, so there is no HTML to escape."""
    made = ImmutableSandboxedEnvironment(
        loader=_Loader(),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,
    )
    made.filters["mark"] = _mark
    made.filters["tame"] = _tame
    return made


def faults(text: str, prompt: Prompt) -> list[str]:
    """What keeps `text` from being a template of `prompt`, in words; empty where nothing does."""
    try:
        tree = environment().parse(text)
    except (TemplateError, RecursionError) as error:
        return [f"it is not a Jinja template: {str(error)[:300]}"]
    found = [f"'{name}' is not declared" for name in sorted(meta.find_undeclared_variables(tree) - prompt.variables)]
    others = sorted(str(name) for name in meta.find_referenced_templates(tree) if name != FENCE)
    found += [f"it takes in '{name}'; only {FENCE} may be" for name in others]
    if any(macro.name == "fenced" for macro in tree.find_all(nodes.Macro)):
        found.append("it defines a fence of its own")
    return found + [f"'{name}' stands outside the fence" for name in sorted(set(_bare(tree, prompt)))]


def _bare(node: nodes.Node, prompt: Prompt) -> Iterator[str]:
    """Names of data outside a call of `fenced`; asking whether there is any is no showing."""
    match node:
        case nodes.Call(node=nodes.Name(name="fenced")):
            return
        case nodes.If():
            for child in (*node.body, *node.elif_, *node.else_):
                yield from _bare(child, prompt)
            return
        case nodes.Getattr(node=nodes.Name(name=name)) if f"{name}.{node.attr}" in prompt.plain:
            return
        case nodes.Name(name=name) if name in prompt.data:
            yield name
    for child in node.iter_child_nodes():
        yield from _bare(child, prompt)


def _mark(text: str) -> str:
    """A mark for the tags around `text`, the same for the same text, that does not occur in it."""
    shown = _tame(text)
    digest = hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()
    return next((digest[at : at + 8] for at in range(0, 56, 8) if digest[at : at + 8] not in shown), digest)


def _tame(text: str) -> str:
    """Text whose every character is seen, line breaks and tabs among them."""
    return _UNSEEN.sub(" ", str(text).replace("\r\n", "\n"))
