"""`screener prompts`: which prompts there are, and which of them Langfuse manages."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import click

from app.commands.output import FAILURE, fail, say
from app.gateway import read_keys
from llm.prompt_sources import LABEL, SWITCH, LangfusePrompts, PromptUnavailable, managed_prompts
from llm.templates import Prompt, manifest


@click.group()
def prompts() -> None:
    """Prompts, and their copies in Langfuse."""
    read_keys()


@prompts.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_prompts(as_json: bool) -> None:
    """Show each prompt's version here, its version in Langfuse, and which of them is used."""
    source = managed_prompts()
    with ThreadPoolExecutor(max(1, len(manifest()))) as pool:
        # At once: a host that hangs is waited for once.
        rows = list(pool.map(lambda prompt: _row(prompt, source), manifest().values()))
    if as_json:
        click.echo(json.dumps({"managed": source is not None, "prompts": rows}))
        return
    widths = [max(len(str(row[key])) for row in rows) for key in ("name", "version", "used")]
    for row in rows:
        name, version, used = (
            str(row[key]).ljust(width) for key, width in zip(("name", "version", "used"), widths, strict=True)
        )
        say(f"{name}  version {version}  used: {used}  {row['purpose']}")
        if row["problem"]:
            say(f"  {row['problem']}", err=True)
    if source is None:
        say(f"Langfuse manages none: {SWITCH} is not on, or a key is missing.")


@prompts.command("push")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def push_prompts(names: tuple[str, ...], as_json: bool) -> None:
    """Upload the prompts of this installation to Langfuse, each that differs as a new version in use.

    Names choose some; without them all are uploaded. What stands in Langfuse already is left alone.
    """
    unknown = [name for name in names if name not in manifest()]
    if unknown:
        fail(f"there is no prompt '{unknown[0]}'; there are {', '.join(manifest())}", as_json=as_json, code=2)
    # Uploading needs the keys only: the switch says where answers take their prompts from.
    source = managed_prompts({**os.environ, SWITCH: "on"})
    if source is None:
        fail("set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY first", as_json=as_json, code=2)
    made: dict[str, int | None] = {}
    for name in names or tuple(manifest()):
        try:
            made[name] = source.publish(manifest()[name])
        except PromptUnavailable as error:
            fail(f"{name} was not uploaded: Langfuse: {error}", as_json=as_json, code=FAILURE)
        if not as_json:
            version = made[name]
            say(f"{name}: " + ("unchanged" if version is None else f"version {version}, labelled {LABEL}"))
    if as_json:
        click.echo(json.dumps({"pushed": made}))
    elif managed_prompts() is None:
        say(f"They are used once {SWITCH} is 1.")


def _row(prompt: Prompt, source: LangfusePrompts | None) -> dict[str, object]:
    managed: int | None = None
    problem = ""
    if source is not None:
        try:
            managed = source.fetch(prompt).version
        except PromptUnavailable as error:
            problem = f"Langfuse: {error}"
    return {
        "name": prompt.name,
        "version": prompt.version,
        "langfuse": managed,
        "used": prompt.version if managed is None else f"langfuse {managed}",
        "problem": problem,
        "purpose": prompt.purpose,
        "tier": prompt.tier,
    }
