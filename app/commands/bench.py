"""The benchmarks: each module of `benchmarks` with a `run` that returns rows name, value, unit, peer, ratio."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from typing import Any

import click

from app.commands.options import DataCommand, keep_machine_code
from app.commands.output import BAD_INPUT, fail


@click.command(cls=DataCommand)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def bench(name: str | None, as_json: bool) -> None:
    """Run all benchmarks, or the module NAME; a line each: name value unit peer ratio."""
    keep_machine_code()
    available = _modules(as_json=as_json)
    if name is not None and name not in available:
        fail(f"there is no benchmark {name}; there are {', '.join(available)}", as_json=as_json, code=BAD_INPUT)
    for module in [name] if name else available:
        try:
            loaded = importlib.import_module(f"benchmarks.{module}")
        except ModuleNotFoundError as error:
            message = f"the benchmark {module} needs {error.name}: pip install 'signal-screener[dev]'"
            if name:
                fail(message, as_json=as_json)
            click.echo(f"screener: {message}", err=True)
            continue
        run = getattr(loaded, "run", None)
        if run is None:
            continue
        for row in run():
            click.echo(json.dumps(row) if as_json else _line(row))
            sys.stdout.flush()


def _modules(*, as_json: bool) -> list[str]:
    try:
        package = importlib.import_module("benchmarks")
    except ModuleNotFoundError:
        fail("this installation holds no benchmarks", as_json=as_json)
    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))


def _line(row: dict[str, Any]) -> str:
    def shown(value: Any) -> str:
        return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    return "  ".join(shown(row.get(key)) for key in ("name", "value", "unit", "peer", "ratio"))
