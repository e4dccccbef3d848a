"""Schemas of JSON values, and how two differ: names, nesting, kinds, numbers as text with or without eight decimals."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_EIGHT = re.compile(r"-?\d+\.\d{8}")

#: Letters of kinds in written-down forms. A text may look like a number; eight decimals are a number as text.
_LETTERS = {
    "number": "n",
    "eight decimals": "e",
    "decimal": "d",
    "text": "t",
    "bool": "b",
    "list": "l",
    "object": "o",
    "null": "z",
}
_ALSO = {("t", "d"), ("t", "e"), ("d", "e")}

#: Kinds that count as others: none; where decimals differ by symbol; and in examples that were written by hand.
EXACT: Mapping[str, str] = {}
ANY_DECIMALS: Mapping[str, str] = {"eight decimals": "decimal"}
LOOSE: Mapping[str, str] = {"eight decimals": "text", "decimal": "text"}


def kind(value: Any) -> str:
    """What a client may rely on."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "eight decimals" if _EIGHT.fullmatch(value) else "decimal" if _NUMBER.fullmatch(value) else "text"
    if value is None:
        return "null"
    return "list" if isinstance(value, list) else "object"


def schema(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and kinds of everything in a value; the members of a list of like things share a path."""
    yield path, kind(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from schema(inner, f"{path}.{name}")
    elif isinstance(value, list):
        row = bool(value) and not any(isinstance(one, dict | list) for one in value) and len({*map(kind, value)}) > 1
        for place, inner in enumerate(value):
            yield from schema(inner, f"{path}[{place}]" if row else f"{path}[]")


def differences(
    ours: Any, theirs: Any, added: Collection[str] = (), missing: Collection[str] = (), alike: Mapping[str, str] = EXACT
) -> list[str]:
    """What a client of one would not find in the other.

    `added` and `missing` are names in which they may differ; `alike` has kinds that count as another.
    """
    mine, other = _gathered(ours, alike), _gathered(theirs, alike)
    problems = []
    for path in sorted(mine.keys() | other.keys()):
        names = set(re.findall(r"[A-Za-z]\w*", path))
        if path not in other:
            if not names & set(added):
                problems.append(f"{path}: not in the recording")
        elif path not in mine:
            if not names & set(missing):
                problems.append(f"{path}: missing")
        elif mine[path] != other[path]:
            problems.append(f"{path}: {sorted(mine[path])} where it is {sorted(other[path])}")
    return problems


def _gathered(value: Any, alike: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path, what in schema(value):
        found.setdefault(path, set()).add(alike.get(what, what))
    return found


def written(name: str, form: str, value: Any) -> list[str]:
    """How an object differs from its written-down form: `field:letter ...`, a `?` after fields that may lack.

    Several letters are as many kinds that the field may have.
    """
    if not isinstance(value, dict):
        return [f"{name} is no object"]
    wanted = dict(part.split(":") for part in form.split())
    fields = {field.rstrip("?"): letters for field, letters in wanted.items()}
    needed = {field for field in wanted if not field.endswith("?")}
    wrong = [f"{name}.{field} is missing" for field in sorted(needed - value.keys())]
    wrong += [f"{name}.{field} is not documented" for field in sorted(value.keys() - fields.keys())]
    for field in sorted(value.keys() & fields.keys()):
        letter = _LETTERS[kind(value[field])]
        if not any(letter == one or (one, letter) in _ALSO for one in fields[field]):
            wrong.append(f"{name}.{field} is {kind(value[field])}, not {fields[field]}")
    return wrong


def written_row(name: str, form: str, value: Any) -> list[str]:
    """The same of a row: a letter for each place."""
    if not isinstance(value, list) or len(value) != len(form.split()):
        return [f"{name} is no row of {len(form.split())}"]
    places: Mapping[str, Any] = {f"p{place}": inner for place, inner in enumerate(value)}
    return written(name, " ".join(f"p{place}:{letter}" for place, letter in enumerate(form.split())), places)
