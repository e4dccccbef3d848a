"""The command line. Each command's module is imported when it runs, so that `--help` is quick.

Exit codes: 0 success, 1 failure with a message on standard error, 2 bad input.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

COMMANDS = {
    "up": ("app.commands.up", "up"),
    "api": ("app.commands.parts", "api"),
    "worker": ("app.commands.parts", "worker"),
    "ui": ("app.commands.parts", "ui"),
    "warm": ("app.commands.parts", "warm"),
    "sim": ("app.commands.parts", "sim"),
    "db": ("app.commands.database", "db"),
    "kill-switch": ("app.commands.database", "kill_switch"),
    "user": ("app.commands.database", "user"),
    "chain": ("app.commands.database", "chain"),
    "compile": ("app.commands.filters", "compile_"),
    "scan": ("app.commands.filters", "scan"),
    "check": ("app.commands.check", "check"),
    "explain": ("app.commands.filters", "explain"),
    "analyse": ("app.commands.analyse", "analyse"),
    "data": ("app.commands.data", "data"),
    "generate": ("app.commands.models", "generate"),
    "prompts": ("app.commands.prompts", "prompts"),
    "eval": ("app.commands.evals", "evaluation"),
    "outcomes": ("app.commands.outcomes", "outcomes"),
    "soak": ("app.commands.soak", "soak"),
    "bench": ("app.commands.bench", "bench"),
    "docs": ("app.commands.docs", "docs"),
    "doctor": ("app.commands.doctor", "doctor"),
}
SUMMARIES = {
    "up": "Start everything: database, market, worker, API and app.",
    "api": "Serve the HTTP API.",
    "worker": "Hold the market and screen it.",
    "ui": "Serve the web app.",
    "warm": "Compile the engine's kernels ahead of the first start.",
    "sim": "Run the simulated exchange alone.",
    "db": "Migrate or reset the database.",
    "kill-switch": "Stop or allow new entries.",
    "user": "Give a person a tier.",
    "chain": "Print a signal's whole chain of ids.",
    "compile": "Check a filter and read it back in English.",
    "scan": "Print every match of a filter over recorded candles.",
    "check": "Try a filter on recorded candles before it runs.",
    "explain": "Print each condition's values on one candle.",
    "analyse": "Analyse one signal over recorded candles.",
    "data": "Download recorded candles, list them, find their gaps.",
    "generate": "Turn a sentence into a strategy.",
    "prompts": "List the prompts, or upload them to Langfuse.",
    "eval": "Score a translator on sentences with reference filters.",
    "outcomes": "Print what signals came to, and what decisions were worth.",
    "soak": "Run the feed under faults and compare it with the truth.",
    "bench": "Print the benchmarks.",
    "docs": "Write the generated parts of the documentation.",
    "doctor": "Check database, market and model, and say what to do.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="signal-screener")
def cli() -> None:
    """Screens a whole crypto market with rules written in plain English."""


def main(arguments: list[str] | None = None) -> Any:
    """Entry point of the `screener` program."""
    try:
        return cli.main(args=arguments, prog_name="screener")
    except BrokenPipeError:
        # The reader of our output (head, say) has gone: not an error of ours.
        sys.stderr.close()
        return None
