"""Commands that ask a language model."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from app.commands.options import INTERVALS, DataCommand
from app.commands.output import BAD_INPUT, FAILURE, fail
from app.commands.parts import load_settings

if TYPE_CHECKING:
    from llm.schemas import GeneratedStrategy

MAX_SENTENCE = 4000


@click.command(cls=DataCommand)
@click.argument("sentence", metavar="SENTENCE|-")
@click.option("--model", help="A model as litellm names it [SCREENER_MODEL, else the offline translator].")
@click.option("--interval", type=INTERVALS, help="Base interval [what the sentence says].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def generate(sentence: str, model: str | None, interval: str | None, as_json: bool) -> None:
    """Turn a sentence into a strategy."""
    if sentence == "-":
        try:
            sentence = sys.stdin.buffer.read(1 << 16).decode("utf-8")
        except UnicodeDecodeError:
            fail("the sentence is not UTF-8 text", as_json=as_json, code=BAD_INPUT)
    sentence = sentence.strip()
    if not sentence:
        fail("the sentence is empty; say when a coin should match", as_json=as_json, code=BAD_INPUT)
    if len(sentence) > MAX_SENTENCE:
        fail(
            f"the sentence has {len(sentence):,} characters; {MAX_SENTENCE:,} is the most",
            as_json=as_json,
            code=BAD_INPUT,
        )
    from app.bootstrap import flush_traces
    from app.generation import CannotGenerate
    from app.generation import generate as translate

    settings = load_settings()

    async def run() -> GeneratedStrategy:
        try:
            return await translate(settings, sentence, interval=interval, model=model)
        finally:
            await flush_traces()

    try:
        made = asyncio.run(run())
    except CannotGenerate as error:
        _refuse(str(error), error.not_understood, as_json=as_json)
    if as_json:
        click.echo(json.dumps(made.public()))
        return
    click.echo(f"{made.name}  ({made.direction}, {made.interval}, by {made.model})")
    click.echo(made.reading)
    click.echo("")
    click.echo(made.filter_code.rstrip())
    click.echo("")
    risk = made.risk
    click.echo(f"stop {risk.stop_atr:g} ATR, target {risk.target_atr:g} ATR, at most {risk.max_hold_candles} candles")
    for line in made.assumptions:
        click.echo(f"assumed: {line}")
    for line in made.not_understood:
        click.echo(f"not understood: {line}", err=True)


def _refuse(reason: str, not_understood: tuple[str, ...], *, as_json: bool) -> NoReturn:
    if as_json:
        rows = [
            {"code": "not_understood", "line": None, "column": None, "message": f"not understood: {part}", "hint": ""}
            for part in not_understood
        ]
        row = {"code": "not_generated", "line": None, "column": None, "message": reason, "hint": ""}
        click.echo(json.dumps({"errors": [row, *rows], "not_understood": list(not_understood)}))
    else:
        click.echo(f"screener: {reason}", err=True)
        for part in not_understood:
            if part not in reason:
                click.echo(f"  not understood: {part}", err=True)
    raise SystemExit(FAILURE)
