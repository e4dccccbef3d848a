"""Commands that ask a language model."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from app.commands.options import INTERVALS, DataCommand
from app.commands.output import BAD_INPUT, FAILURE, fail, say
from app.commands.parts import load_settings

if TYPE_CHECKING:
    from app.asking import CannotGenerate
    from llm.schemas import GeneratedStrategy

MAX_SENTENCE = 4000
_HINTS = {
    "model": "`screener doctor` checks the model; without SCREENER_MODEL the offline translator serves",
    "budget": "the cap is lifted at midnight UTC; the SCREENER_SPEND settings change it",
}


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
    from app.asking import CannotGenerate, Job
    from app.bootstrap import flush_traces
    from app.generation import strategy as translate

    # With --json the steps are for people only: whoever reads both streams as one wants nothing but the object.
    watched = not as_json or sys.stderr.isatty()
    job = Job(load_settings(), model=model, progress=_told if watched else None)

    async def run() -> GeneratedStrategy:
        try:
            return (await translate(job, sentence, interval=interval))[0]
        finally:
            await flush_traces()

    try:
        made = asyncio.run(run())
    except CannotGenerate as error:
        _refuse(error, as_json=as_json)
    if as_json:
        click.echo(json.dumps(made.public()))
        return
    say(f"{made.name}  ({made.direction}, {made.interval}, by {made.model})")
    say(made.reading)
    say("")
    say(made.filter_code.rstrip())
    say("")
    for line in _unwritten(made):
        say(line)
    for line in made.assumptions:
        say(f"assumed: {line}")
    for line in made.checks.contradictions:
        say(f"never true: {line}", err=True)
    for line in made.checks.unheld:
        say(f"could not be held against the filter, look at its matches: {line}", err=True)
    for line in made.not_understood:
        say(f"not understood: {line}", err=True)
    for row in made.checks.unused:
        say(f"not used: “{row.words}”", err=True)
    for question in made.checks.questions:
        others = "; ".join(choice.label for choice in question.choices if not choice.taken)
        say(f"question: {question.text} {question.assumption} Or: {others}.")
    if made.cost:
        say(f"{made.calls} calls, {made.input_tokens + made.output_tokens:,} tokens, {made.cost:.4f} US dollars")


def _unwritten(made: GeneratedStrategy) -> list[str]:
    """What sets the stop and the target that the filter does not, and with which ones its signals are followed."""
    from screener import compile_filter

    program, risk = compile_filter(made.filter_code, made.interval), made.risk
    missing = [name for name, node in (("stop", program.stop), ("target", program.target)) if node is None]
    if not missing:
        return []
    found = [f"no {' and no '.join(missing)} in the filter: the analysis of each signal proposes what it lacks"]
    if len(missing) == 2:
        plan = f"stop {risk.stop_atr:g} ATR, target {risk.target_atr:g} ATR, {risk.max_hold_candles} candles at most"
        found.append(f"the track record follows its signals with {plan}; no trade is closed for that")
    return found


async def _told(step: str, seconds: float) -> None:
    say(f"  {step} ({seconds:.1f} s)", err=True)


def _refuse(error: CannotGenerate, *, as_json: bool) -> NoReturn:
    """End with why no strategy came out, and what to do."""
    reason, hint = str(error), _HINTS.get(error.kind, "")
    if as_json:
        found = [("not_generated", reason, hint)]
        found += [("not_accepted", problem, "") for problem in error.problems]
        found += [("not_understood", f"not understood: {words}", "") for words in error.not_understood]
        rows = [{"code": c, "line": None, "column": None, "message": text, "hint": h} for c, text, h in found]
        click.echo(json.dumps({"errors": rows, "not_understood": list(error.not_understood)}))
    else:
        say(f"screener: {reason}", err=True)
        for problem in error.problems:
            if problem not in reason:
                say(f"  {problem}", err=True)
        for words in error.not_understood:
            if words not in reason:
                say(f"  not understood: {words}", err=True)
        if hint:
            say(f"  {hint}", err=True)
    raise SystemExit(BAD_INPUT if error.kind == "input" else FAILURE)
