"""The benchmarks: each module named in `benchmarks.BENCHMARKS` has a `run` that yields rows."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from app.commands.options import DataCommand, keep_machine_code
from app.commands.output import BAD_INPUT, fail


@click.command(cls=DataCommand)
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="Say what there is, and run nothing.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Put the figures into this document.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def bench(name: str | None, listing: bool, write: Path | None, as_json: bool) -> None:
    """Run all benchmarks, or those whose NAME is or begins with this: engine, engine.step, engine.step.1000, demo.

    A line each: name value unit peer ratio, then details. The peer is the best other way or a limit, the ratio how
    many times more it needs. Exit code 1 where a result differs from the reference's.
    """
    keep_machine_code()
    modules = _modules(as_json=as_json)
    if listing:
        for line in modules:
            click.echo(f"{line}  {modules[line]}")
        return
    first = (name or "").split(".")[0]
    if name is not None and first not in modules:
        fail(f"there is no benchmark {name}; there are {', '.join(modules)}", as_json=as_json, code=BAD_INPUT)
    rows: list[Any] = []
    for module in [first] if name else modules:
        for row in _run(module, name or module, named=name is not None, as_json=as_json):
            rows.append(row)
            click.echo(json.dumps(row.record()) if as_json else row.line())
            sys.stdout.flush()
    if name is not None and not rows:
        fail(f"there is no benchmark {name}; {first} has others", as_json=as_json, code=BAD_INPUT)
    if write is not None:
        try:
            importlib.import_module("benchmarks.document").write(write, rows)
        except (OSError, ValueError) as error:
            fail(str(error), as_json=as_json)
    wrong = [row for row in rows if row.failure]
    if wrong:
        fail("; ".join(f"{row.name}: {row.failure}" for row in wrong), as_json=as_json)


def _run(module: str, wanted: str, *, named: bool, as_json: bool) -> Iterator[Any]:
    importlib.import_module("benchmarks.machine").one_thread()
    try:
        loaded = importlib.import_module(f"benchmarks.{module}")
    except ModuleNotFoundError as error:
        message = f"the benchmark {module} needs {error.name}: pip install 'signal-screener[dev]'"
        if named:
            fail(message, as_json=as_json)
        click.echo(f"screener: {message}", err=True)
        return
    yield from loaded.run(wanted)


def _modules(*, as_json: bool) -> dict[str, str]:
    try:
        package = importlib.import_module("benchmarks")
    except ModuleNotFoundError:
        fail("this installation holds no benchmarks", as_json=as_json)
    found: dict[str, str] = package.BENCHMARKS
    return found
