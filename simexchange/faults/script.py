"""Fault scripts: what goes wrong, when, and where. `docs/simexchange.md` has the format, section Faults.

1. `read_script` reads a TOML or JSON file; `parse_faults` takes what was parsed already, such as a request's body.
2. `_fault` checks one fault by its kind's row in `KINDS`; the first mistake ends it with `ScriptError`, which
   says the line (TOML), the field, and what would be right.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

_DAY_S: Final = 86_400
_LARGEST_FILE: Final = 1 << 20

STREAMS, REST, SERVER = "streams", "rest", "server"


class ScriptError(ValueError):
    """A fault script that cannot be used; its text says where, what, and what to do."""


@dataclass(frozen=True, slots=True)
class Option:
    """A field of some kinds: its default (which gives its type), and what it may be."""

    default: float | bool | str | None
    least: float = 0.0
    most: float = math.inf
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind works, how long it lasts unless told, and its own fields."""

    places: tuple[str, ...]
    lasts: float = 60.0
    options: Mapping[str, Option] = field(default_factory=dict)


_CONNECTIONS = Option(0.0, 0, 10_000)
KINDS: Final[dict[str, Kind]] = {
    "drop": Kind((STREAMS,), 0.0, {"connections": _CONNECTIONS}),
    "stall": Kind((STREAMS,), 60.0, {"connections": _CONNECTIONS, "pings": Option(True)}),
    "half_open": Kind((STREAMS,), 600.0, {"connections": _CONNECTIONS}),
    "duplicate": Kind((STREAMS,)),
    "reorder": Kind((STREAMS,)),
    "late_close": Kind((STREAMS,), 60.0, {"late": Option(20.0, 0.001, _DAY_S, ("trade",))}),
    "wrong_candle": Kind(
        (STREAMS,),
        60.0,
        {"correct_after": Option(20.0, 0.0, _DAY_S), "corrected": Option(True), "rest": Option(False)},
    ),
    "rate_limit": Kind((REST,), 60.0),
    "ban": Kind((REST,), 120.0),
    "server_error": Kind((REST,), 60.0, {"status": Option(503.0, 500, 599)}),
    "timeout_after_accept": Kind(
        (REST,), 60.0, {"answer": Option("none", words=("none", "-1007")), "hang": Option(60.0, 0.0, _DAY_S)}
    ),
    "clock_skew": Kind((SERVER,), 60.0, {"seconds": Option(3_600.0, -_DAY_S, _DAY_S)}),
    "restart": Kind((SERVER,), 10.0),
    "malformed": Kind(
        (STREAMS, REST),
        60.0,
        {"shape": Option("any", words=("any", "broken", "unknown", "null", "zero")), "instead": Option(True)},
    ),
}
#: Fields that every kind has.
COMMON: Final = ("kind", "at", "for", "every", "target", "venue", "symbols", "probability", "count")
_VENUES: Final = ("spot", "usdm", "spot-api")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Times are ms UTC of exchange time; it is on from `at_ms` for `for_ms`, and again each
    `every_ms` where that is not 0.

    `target` is streams, rest, server, a pattern of stream names, or `[METHOD ]/path` with * for anything.
    `symbols` empty means all; `count` 0 means no limit, else how often at most it strikes each time it is on.
    """

    kind: str
    at_ms: int
    for_ms: int
    every_ms: int = 0
    target: str = STREAMS
    venue: str = ""
    symbols: frozenset[str] = frozenset()
    probability: float = 1.0
    count: int = 0
    options: Mapping[str, float | bool | str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Which of streams, rest and server it works on."""
        if self.target in (STREAMS, REST, SERVER):
            return self.target
        return REST if "/" in self.target else STREAMS

    def number(self, option: str) -> float:
        """An option that is a number."""
        return float(self.options[option])

    def flag(self, option: str) -> bool:
        """An option that is true or false."""
        return self.options[option] is True

    def row(self) -> dict[str, Any]:
        """In JSON, as `/sim/state` shows it."""
        row: dict[str, Any] = {"kind": self.kind, "at": self.at_ms, "for": self.for_ms / 1000, "target": self.target}
        if self.every_ms:
            row["every"] = self.every_ms / 1000
        return row | {
            "venue": self.venue,
            "symbols": sorted(self.symbols),
            "probability": self.probability,
            "count": self.count,
            **self.options,
        }


def read_script(path: Path, start_ms: int) -> tuple[int | None, list[Fault]]:
    """The seed (None where it has none) and the faults of a TOML or JSON file; times count from `start_ms`.

    Raises ScriptError.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScriptError(f"{path}: {error.strerror or error}; name a readable .toml or .json file") from error
    if len(raw) > _LARGEST_FILE:
        raise ScriptError(f"{path}: larger than 1 MiB; write fewer faults, `every` repeats one")
    try:
        text = raw.decode("utf-8")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise ScriptError(f"{path}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from error
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"{path}: not TOML: {error}") from error
    except RecursionError as error:
        raise ScriptError(f"{path}: nested too deeply; a script is a flat list of faults") from error
    lines = {} if path.suffix == ".json" else _lines(text)
    try:
        return _script(data, start_ms)
    except _Mistake as mistake:
        line = lines.get((mistake.number, mistake.name)) or lines.get((mistake.number, ""))
        place = f"line {line}: " if line else ""
        raise ScriptError(f"{path}: {place}{mistake}") from mistake


def parse_faults(data: object, start_ms: int) -> list[Fault]:
    """Faults of a JSON body: one fault, a list of them, or an object like a script file. Raises ScriptError."""
    if isinstance(data, list):
        data = {"faults": data}
    elif isinstance(data, dict) and "kind" in data:
        data = {"faults": [data]}
    try:
        return _script(data, start_ms)[1]
    except _Mistake as mistake:
        raise ScriptError(str(mistake)) from mistake


class _Mistake(Exception):
    """What is wrong with field `name` of fault `number` (from 1; 0 is the script itself)."""

    def __init__(self, number: int, name: str, message: str) -> None:
        place = f"fault {number}" if number else "the script"
        super().__init__(f"{place}, {name}: {message}" if name else f"{place}: {message}")
        self.number = number
        self.name = name


def _script(data: object, start_ms: int) -> tuple[int | None, list[Fault]]:
    if not isinstance(data, dict):
        raise _Mistake(0, "", "must be a table with `faults`, a list of tables, and optionally `seed`")
    for name in data:
        if name not in ("seed", "faults"):
            raise _Mistake(0, str(name), "is no field of a script; it has `seed` and `faults`")
    seed = data.get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int | None):
        raise _Mistake(0, "seed", f"must be a whole number, not {seed!r}")
    rows = data.get("faults", [])
    if not isinstance(rows, list):
        raise _Mistake(0, "faults", "must be a list; in TOML each fault begins with [[faults]]")
    return seed, [_fault(number, row, start_ms) for number, row in enumerate(rows, 1)]


def _fault(number: int, row: object, start_ms: int) -> Fault:
    if not isinstance(row, dict):
        raise _Mistake(number, "", f"must be a table with at least `kind`, not {row!r}")
    name = row.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise _Mistake(number, "kind", f"must be one of {', '.join(KINDS)}, not {name!r}")
    kind = KINDS[name]
    for key in row:
        if key not in COMMON and key not in kind.options:
            raise _Mistake(number, str(key), f"is no field of {name}; it has {', '.join((*COMMON, *kind.options))}")
    lasts = _number(number, "for", row.get("for", kind.lasts), 0.0, math.inf)
    every = _number(number, "every", row.get("every", 0), 0.0, math.inf)
    if every and every <= lasts:
        raise _Mistake(number, "every", f"must be more than `for` ({lasts:g} s), not {every:g}")
    return Fault(
        name,
        _moment(number, row.get("at", 0), start_ms),
        round(lasts * 1000),
        round(every * 1000),
        _target(number, name, row.get("target", kind.places[0])),
        _word(number, "venue", row.get("venue", ""), ("", *_VENUES)),
        _symbols(number, row.get("symbols", [])),
        _number(number, "probability", row.get("probability", 1.0), 0.0, 1.0),
        _whole(number, "count", row.get("count", 0)),
        {key: _option(number, key, row.get(key, option.default), option) for key, option in kind.options.items()},
    )


def _moment(number: int, value: object, start_ms: int) -> int:
    """ms UTC of `at`: seconds from the start, the next HH:MM[:SS] after it, or an ISO 8601 time."""
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str):
        start = datetime.fromtimestamp(start_ms / 1000, UTC)
        if clock := re.fullmatch(r"(\d\d):(\d\d)(?::(\d\d))?", value):
            hour, minute, second = (int(part or 0) for part in clock.groups())
            if hour < 24 and minute < 60 and second < 60:
                moment = start.replace(hour=hour, minute=minute, second=second, microsecond=0)
                return round((moment if moment >= start else moment + timedelta(days=1)).timestamp() * 1000)
        else:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                pass
            else:
                return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        raise _Mistake(
            number, "at", f"must be seconds from the start, HH:MM:SS or an ISO 8601 time in UTC, not {value!r}"
        )
    return start_ms + round(_number(number, "at", value, 0.0, math.inf) * 1000)


def _target(number: int, kind: str, value: object) -> str:
    places = KINDS[kind].places
    if isinstance(value, str) and value:
        path = re.fullmatch(r"(?:(?:GET|POST|PUT|DELETE) )?/\S*", value) is not None
        pattern = not path and "/" not in value and ("@" in value or "!" in value or "*" in value)
        if value in places or (path and REST in places) or (pattern and STREAMS in places):
            return value
    right = {
        STREAMS: "streams or a pattern of stream names (*@kline_1m)",
        REST: "rest or a path (POST /api/v3/order, /api/v3/*)",
        SERVER: "server",
    }
    raise _Mistake(number, "target", f"of {kind} is {', '.join(right[place] for place in places)}, not {value!r}")


def _symbols(number: int, value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise _Mistake(number, "symbols", f'must be a list of symbols like ["BTCUSDT"], not {value!r}')
    return frozenset(one.upper() for one in value)


def _option(number: int, name: str, value: object, option: Option) -> float | bool | str:
    if isinstance(option.default, bool):
        if not isinstance(value, bool):
            raise _Mistake(number, name, f"must be true or false, not {value!r}")
        return value
    if isinstance(value, str) or isinstance(option.default, str):
        if not option.words or value not in option.words:
            numbers = [] if isinstance(option.default, str) else ["a number"]
            raise _Mistake(number, name, f"must be {' or '.join([*numbers, *option.words])}, not {value!r}")
        return str(value)
    return _number(number, name, value, option.least, option.most)


def _number(number: int, name: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Mistake(number, name, f"must be a number, not {value!r}")
    if not least <= value <= most:
        bounds = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
        raise _Mistake(number, name, f"must be {bounds}, not {value:g}")
    return float(value)


def _whole(number: int, name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _Mistake(number, name, f"must be a whole number from 0 on, not {value!r}")
    return value


def _word(number: int, name: str, value: object, words: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise _Mistake(number, name, f"must be {' or '.join(word for word in words if word)}, not {value!r}")
    return value


def _lines(text: str) -> dict[tuple[int, str], int]:
    """Line of each field of each fault of a TOML script, by the fault's number and the field's name; the fault's
    own line has no name.
    """
    return dict(_headed(text))


def _headed(text: str) -> Iterator[tuple[tuple[int, str], int]]:
    number = 0
    for line, row in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[\[\s*faults\s*\]\]", row):
            number += 1
            yield (number, ""), line
        elif key := re.match(r"\s*[\"']?([A-Za-z_]+)[\"']?\s*=", row):
            yield (number, key[1]), line
