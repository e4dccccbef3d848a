"""The catalogue of external indicators: what may be written, what is refused and why, and how a use is bound.

The rows are written by hand (`rows`, `rows_more`); what is measured about them is in `catalogue.json`, which
`python -m screener.external.survey` writes. Reading the catalogue does not import the library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from screener.external.library import installed_version
from screener.external.model import (
    Constant,
    External,
    Problem,
    arguments_json,
    constant_text,
)
from screener.external.rows_more import REFUSED, ROWS
from screener.external.trials import quick_trial
from screener.vocabulary.indicators import INDICATORS


def _measured() -> dict[str, Any]:
    text = resources.files("screener.external").joinpath("catalogue.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _externals(measured: Mapping[str, Any]) -> dict[str, External]:
    found = {}
    for name, (verdict, reason) in REFUSED.items():
        found[name] = External(name, (), (), (), "", verdict, reason)
    for name, row in ROWS.items():
        known = measured["rows"].get(name)
        if known is None:
            continue
        found[name] = External(
            name,
            row.fields,
            row.arguments,
            tuple(column for column in row.columns if column != "-"),
            row.meaning,
            known["verdict"],
            known.get("reason", ""),
            known.get("usable_with", {}),
            known.get("warmup"),
            known.get("starts", {}),
            tuple(known.get("notes", ())),
            known.get("cost", 0.0),
        )
    return {name: found[name] for name in sorted(found) if name not in INDICATORS}


_DATA: Final = _measured()

MEASURED_VERSION: Final[str] = _DATA["library"]
"""The version of the library that the verdicts are about."""

EXTERNALS: Final[dict[str, External]] = _externals(_DATA)
"""Every name of the library beyond the native ones, refused names included."""


def refusal(name: str, arguments: Mapping[str, Constant]) -> Problem | None:
    """Why this use is refused and what to do, or None. Arguments are bound; the defaults take no time.

    Other arguments are tried once on fixed synthetic candles (a few to 300 ms, after the library is imported).
    """
    external = EXTERNALS.get(name)
    if external is None:
        return Problem(f"'{name[:40]}' is not an external indicator", "the documentation lists every indicator")
    message = _reason(external, arguments_json(arguments))
    if message is None:
        return None
    hint = ""
    if external.usable_with:
        changed = ", ".join(f"{key}={constant_text(value)}" for key, value in external.usable_with.items())
        hint = f"write ta.{name}({changed})"
    elif external.verdict in ("needs extra inputs", "already native"):
        message, hint = f"{name} is refused: {external.verdict}", external.reason
    return Problem(message, hint)


def needs_trial(external: External, arguments: Mapping[str, Constant]) -> bool:
    """Whether `refusal` has to try these arguments, which takes time."""
    return _unlocked(external, arguments) or (external.usable and dict(arguments) != external.defaults)


def check(name: str, arguments: Mapping[str, Constant]) -> str | None:
    """The reason for refusing this use, or None; see `refusal`."""
    problem = refusal(name, arguments)
    return None if problem is None else problem.message


@cache
def _version_fault() -> str | None:
    installed = installed_version()
    if installed == MEASURED_VERSION:
        return None
    return f"the installed library is {installed}, and only {MEASURED_VERSION} was checked"


def _unlocked(external: External, arguments: Mapping[str, Constant]) -> bool:
    return bool(external.usable_with) and all(arguments.get(k) == v for k, v in external.usable_with.items())


def _reason(external: External, given: str) -> str | None:
    arguments: dict[str, Constant] = json.loads(given)
    if not external.usable and not _unlocked(external, arguments):
        return f"{external.name} is refused: {external.verdict}, {external.reason}"
    if (fault := _version_fault()) is not None:
        return f"{external.name} is refused: {fault}"
    if external.usable and arguments == external.defaults:
        return None
    found = quick_trial(ROWS[external.name], arguments).refusal
    return None if found is None else f"{external.name} with these arguments is refused: {found}"


def node_params(
    external: External, output: str, arguments: Mapping[str, Constant], interval: str, symbol: str
) -> tuple[str, str, str, str]:
    """The parameters of an `external` node: name and output, interval, symbol or "", canonical arguments.

    Raises:
        KeyError: it has no such output.
    """
    if output not in (external.outputs or ("",)):
        raise KeyError(output)
    return f"{external.name}:{output}", interval, symbol, arguments_json(arguments)


@dataclass(frozen=True, slots=True)
class ExternalInfo:
    """A line of the documentation's table of indicators on the slow path."""

    name: str
    signature: str
    outputs: tuple[str, ...]
    meaning: str
    usable: bool
    remark: str


def external_catalogue() -> list[ExternalInfo]:
    """Every line of the table, usable names first, then the refused with their reasons; each sorted by name."""
    lines = [ExternalInfo(e.name, e.signature, e.outputs, e.meaning, e.usable, _remark(e)) for e in EXTERNALS.values()]
    return sorted(lines, key=lambda line: (not line.usable, line.name))


def _remark(external: External) -> str:
    if not external.usable:
        remark = f"{external.verdict}: {external.reason}"
        if external.usable_with:
            with_ = ", ".join(f"{k}={constant_text(v)}" for k, v in external.usable_with.items())
            remark += f"; usable with {with_}"
        return remark
    memory = "starts at the first candle held"
    if external.warmup is not None:
        memory = f"settles in {external.warmup} candle{'' if external.warmup == 1 else 's'}"
    return "; ".join((memory, *external.notes))
