"""Fault scripts: what is understood, and how mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simexchange.faults.script import KINDS, Fault, ScriptError, parse_faults, read_script

START = 1_795_271_037_000  # 2026-11-21 14:23:57 UTC

SCRIPT = """
seed = 3

[[faults]]
kind = "drop"

[[faults]]
kind = "late_close"
at = "14:30:00"
for = 90
every = 3600
symbols = ["btcusdt"]
target = "*@kline_1m"
late = "trade"
probability = 0.5
count = 2

[[faults]]
kind = "timeout_after_accept"
at = 2026-11-22T00:00:00Z
target = "POST /api/v3/order"
venue = "spot"
"""


def written(tmp_path: Path, text: str, name: str = "faults.toml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_script_is_read_with_defaults_and_times(tmp_path: Path) -> None:
    seed, (drop, late, accepted) = read_script(written(tmp_path, SCRIPT), START)
    assert seed == 3
    assert drop == Fault("drop", START, 0, options={"connections": 0.0})
    assert late.at_ms - START == (6 * 60 + 3) * 1000
    assert (late.for_ms, late.every_ms, late.count, late.probability) == (90_000, 3_600_000, 2, 0.5)
    assert late.symbols == {"BTCUSDT"} and late.options == {"late": "trade"} and late.place == "streams"
    assert accepted.at_ms == 1_795_305_600_000 and accepted.place == "rest" and accepted.venue == "spot"
    assert accepted.options == {"answer": "none", "hang": 60.0}


def test_a_clock_time_that_has_passed_is_tomorrows() -> None:
    (fault,) = parse_faults({"kind": "drop", "at": "14:23"}, START)
    assert fault.at_ms - START == 86_400_000 - 57_000


def test_json_says_the_same(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"kind": kind} for kind in KINDS]
    path = written(tmp_path, json.dumps({"faults": rows}), "faults.json")
    seed, faults = read_script(path, START)
    assert seed is None and faults == parse_faults(rows, START)
    assert [fault.kind for fault in faults] == list(KINDS)
    assert parse_faults(rows[0], START) == faults[:1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("faults = 3", "line 1: the script, faults: must be a list"),
        ("seed = 'x'", "line 1: the script, seed: must be a whole number"),
        ("speed = 3", "line 1: the script, speed: is no field of a script"),
        ("[[faults]]\nat = 3", "line 1: fault 1, kind: must be one of drop, stall"),
        ('[[faults]]\nkind = "drop"\n[[faults]]\n\nkind = "dropp"', "line 5: fault 2, kind: must be one of"),
        ('[[faults]]\nkind = "drop"\nstatus = 3', "line 3: fault 1, status: is no field of drop; it has kind, at"),
        ('[[faults]]\nkind = "drop"\nat = "25:00:00"', "line 3: fault 1, at: must be seconds from the start"),
        ('[[faults]]\nkind = "drop"\nat = "soon"', "line 3: fault 1, at: must be seconds from the start"),
        ('[[faults]]\nkind = "drop"\nat = -1', "line 3: fault 1, at: must be 0 or more, not -1"),
        ('[[faults]]\nkind = "drop"\nfor = nan', "line 3: fault 1, for: must be a number, not nan"),
        ('[[faults]]\nkind = "stall"\nevery = 60', "fault 1, every: must be more than `for` (60 s), not 60"),
        ('[[faults]]\nkind = "drop"\ntarget = "rest"', "line 3: fault 1, target: of drop is streams or a pattern"),
        ('[[faults]]\nkind = "ban"\ntarget = "*@kline_1m"', "line 3: fault 1, target: of ban is rest or a path"),
        ('[[faults]]\nkind = "ban"\nvenue = "coinm"', "line 3: fault 1, venue: must be spot or usdm or spot-api, not"),
        ('[[faults]]\nkind = "ban"\nsymbols = "BTCUSDT"', "line 3: fault 1, symbols: must be a list of symbols"),
        ('[[faults]]\nkind = "ban"\nprobability = 2', "line 3: fault 1, probability: must be 0 to 1, not 2"),
        ('[[faults]]\nkind = "ban"\ncount = 1.5', "line 3: fault 1, count: must be a whole number"),
        ('[[faults]]\nkind = "late_close"\nlate = "never"', "line 3: fault 1, late: must be a number or trade"),
        ('[[faults]]\nkind = "server_error"\nstatus = 404', "line 3: fault 1, status: must be 500 to 599, not 404"),
        ('[[faults]]\nkind = "stall"\npings = 1', "line 3: fault 1, pings: must be true or false, not 1"),
        ('[[faults]]\nkind = "malformed"\nshape = "odd"', "line 3: fault 1, shape: must be any or broken"),
        ("[[faults]\n", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_right(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ScriptError) as caught:
        read_script(path, START)
    assert str(caught.value).startswith(f"{path}: ") and told in str(caught.value)


def test_files_that_are_no_scripts(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="No such file"):
        read_script(tmp_path / "none.toml", START)
    with pytest.raises(ScriptError, match="line 1, column 1: not JSON"):
        read_script(written(tmp_path, "x", "faults.json"), START)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptError, match="not UTF-8 at byte 0"):
        read_script(binary, START)
    with pytest.raises(ScriptError, match="nested too deeply"):
        read_script(written(tmp_path, "[" * 100_000, "faults.json"), START)
