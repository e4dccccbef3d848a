"""How commands print: JSON for programs, plain lines for people, errors that say what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from app.logs import visible
from screener import Diagnostic

BAD_INPUT = 2
FAILURE = 1


def say(text: str = "", *, err: bool = False) -> None:
    """Print for people. What a model or somebody else wrote moves no cursor and sets no title of a terminal."""
    click.echo(visible(text, keep="\n\t"), err=err)


def fail(message: str, *, as_json: bool = False, code: int = FAILURE, error_code: str = "failed") -> NoReturn:
    """Print one error and end the program."""
    if as_json:
        row = {"code": error_code, "line": None, "column": None, "message": message, "hint": ""}
        click.echo(json.dumps({"errors": [row]}))
    else:
        say(f"screener: {message}", err=True)
    sys.exit(code)


def fail_filter(diagnostics: Sequence[Diagnostic], *, as_json: bool) -> NoReturn:
    """Print a filter's diagnostics, all of them, and end with exit code 2."""
    if as_json:
        click.echo(json.dumps({"errors": [diagnostic_row(d) for d in diagnostics]}))
    else:
        for d in diagnostics:
            say(str(d), err=True)
    sys.exit(BAD_INPUT)


def diagnostic_row(d: Diagnostic) -> dict[str, Any]:
    """A diagnostic in JSON."""
    return {"code": d.code, "line": d.line, "column": d.column, "message": d.message, "hint": d.hint}


def read_program(path: str, *, as_json: bool) -> str:
    """The text of a file, or standard input for `-`."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(1 << 20).decode("utf-8")
        with open(path, "rb") as file:  # noqa: PTH123 - a path given by the user, read whole
            return file.read(1 << 20).decode("utf-8")
    except FileNotFoundError:
        fail(f"there is no file {path}", as_json=as_json, code=BAD_INPUT)
    except IsADirectoryError:
        fail(f"{path} is a folder; name a file with a filter", as_json=as_json, code=BAD_INPUT)
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8 text", as_json=as_json, code=BAD_INPUT)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}", as_json=as_json, code=BAD_INPUT)
