"""Measures every row of the table against the installed library and writes `catalogue.json`.

    python -m screener.external.survey

1. `verdict` runs a row on several synthetic markets: the same answer twice, its input untouched, nothing printed,
   a value per candle, and no value that changes when later candles arrive, ordinary or extreme (`trials`).
2. A row that looks ahead is tried again with each of its switches turned (`usable_with`).
3. `warmup` is how many candles fix the value to 1e-6, from histories that begin at different candles.
4. `notes` say where the size of the price matters, and `doubts` what the author of a row should look at.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from screener.external.library import NoResult, Values, call, installed_version
from screener.external.model import Constant, Row
from screener.external.rows_more import ROWS
from screener.external.trials import (
    TOLERANCE,
    Candles,
    answers,
    differ,
    is_flag,
    market,
    part,
    prefix_fault,
    quick_trial,
    scale_of,
    settled,
)

WARMUP_LIMIT: Final = 1_500
WARMUP_TOLERANCE: Final = 1e-6
_SIZE: Final = 700
_FILE: Final = Path(__file__).with_name("catalogue.json")


def markets() -> dict[str, dict[str, Values]]:
    """The synthetic markets of the survey, `[candles]` a field."""
    still = {name: np.full(_SIZE, 50.0) for name in ("open", "high", "low", "close")}
    halted = market(23, _SIZE)
    for name, values in halted.items():
        values[200:330] = 0.0 if name == "volume" else halted["close"][199]
    spiked = market(29, _SIZE, volatility=0.02)
    for at in (150, 390, 391):
        spiked["high"][at] *= 3.0
        spiked["volume"][at] *= 50.0
    return {
        "ordinary": market(11, _SIZE),
        "wild and cheap": market(13, _SIZE, price=2e-5, volatility=0.05),
        "dear": market(17, _SIZE, price=6e4, volatility=0.004),
        "halted": halted,
        "spiked": spiked,
        "without volume": market(31, _SIZE) | {"volume": np.zeros(_SIZE)},
        "still": still | {"volume": np.zeros(_SIZE)},
    }


def verdict(row: Row, arguments: Mapping[str, Constant]) -> tuple[str, str, dict[str, int]]:
    """Verdict, reason and the unknown leading candles of each output."""
    first = quick_trial(row, arguments)
    if first.refusal is not None:
        looks = first.refusal.startswith("it looks ahead: ")
        return ("looks ahead" if looks else "unstable"), first.refusal.removeprefix("it looks ahead: "), {}
    rng = np.random.default_rng(5)
    for name, candles in markets().items():
        if (fault := _unstable(row, arguments, candles)) is not None:
            return "unstable", f"{fault} (on a market that is {name})", {}
        least = max(first.starts.values()) + 2
        cuts = sorted({*rng.integers(least, _SIZE, 6).tolist(), _SIZE - 1})
        fault = prefix_fault(row, arguments, candles, cuts, first.starts)
        if fault is not None and not (fault.startswith("no value") and answers(row, arguments, candles) is None):
            return "looks ahead", fault, {}
    return "usable", "", dict(first.starts)


def _drawn() -> tuple[bytes, int]:
    """The state of numpy's own generator, which changes when a number is drawn from it."""
    state = np.random.get_state(legacy=False)["state"]
    return state["key"].tobytes(), state["pos"]


def _unstable(row: Row, arguments: Mapping[str, Constant], candles: Candles) -> str | None:
    before = {name: values.copy() for name, values in candles.items()}
    said = io.StringIO()
    state = _drawn()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        once, again = answers(row, arguments, candles), answers(row, arguments, candles)
    if said.getvalue():
        return "it prints"
    if _drawn() != state:
        return "it draws random numbers"
    if any(not np.array_equal(before[name], candles[name]) for name in before):
        return "it writes into its input"
    if (once is None) != (again is None):
        return "it answers only sometimes"
    if once is None or again is None:
        return None
    if any(not np.array_equal(once[name], again[name], equal_nan=True) for name in once):
        return "it gives different values for the same candles"
    return None


def usable_with(row: Row, arguments: Mapping[str, Constant]) -> dict[str, Constant]:
    """The switch that makes a refused row usable, or nothing."""
    for argument in row.arguments:
        if argument.kind == "bool":
            turned = {argument.name: not argument.default}
            if verdict(row, {**arguments, **turned})[0] == "usable":
                return dict(turned)
    return {}


def warmup(row: Row, arguments: Mapping[str, Constant], starts: Mapping[str, int]) -> int | None:
    """Candles that fix every output to 1e-6, the newest included; None if more than 1,500 do not."""
    longest = 1
    ordinary, fallen = market(41, 3_200, empty=0.0), market(43, 3_200, empty=0.0)
    for name, values in fallen.items():
        # What remembers an extreme for ever is told from what fades by a price that never comes back.
        values[:150] *= 1.0 if name == "volume" else 8.0
    for candles in (ordinary, fallen):
        whole = call(row, arguments, candles)
        for start in (200, 517, 1_100):
            later = call(row, arguments, part(candles, start))
            for name, values in later.items():
                values[: starts.get(name, 0)] = np.nan
                longest = max(longest, settled(whole[name], values, start, WARMUP_TOLERANCE) + 1)
    return longest if longest <= WARMUP_LIMIT else None


def notes(row: Row, arguments: Mapping[str, Constant]) -> list[str]:
    """What a user should know beyond the meaning."""
    found = []
    candles = market(47, _SIZE)
    plain = call(row, arguments, candles)
    larger = {name: values * (1.0 if name == "volume" else 1_024.0) for name, values in candles.items()}
    smaller = {name: values / (1.0 if name == "volume" else 1_024.0) for name, values in candles.items()}
    for factor, scaled in ((1_024.0, call(row, arguments, larger)), (1 / 1_024.0, call(row, arguments, smaller))):
        if not all(_scales(plain[name], scaled[name], factor) for name in plain):
            found.append("depends on the size of the price")
            break
    if any(is_flag(values) and len(np.unique(values[~np.isnan(values)])) > 1 for values in plain.values()):
        found.append("whole numbers, compare with == or >")
    return found


def _scales(plain: Values, scaled: Values, factor: float) -> bool:
    powers = (0.0, 1.0, -1.0, 2.0)
    expected = (plain * factor**power for power in powers)
    return any(np.mean(differ(e, scaled, 1e-6, scale_of(e))) < 0.02 for e in expected)


def cost(row: Row, arguments: Mapping[str, Constant]) -> float:
    """Milliseconds of processor time of a call over 500 candles: the fastest of five."""
    candles = market(53, 500)
    best = float("inf")
    for _ in range(5):
        begun = time.process_time()
        call(row, arguments, candles)
        best = min(best, time.process_time() - begun)
    return round(best * 1e3, 2)


def doubts(row: Row, arguments: Mapping[str, Constant]) -> list[str]:
    """Where the row and the library may disagree: defaults, and arguments without effect or refused within bounds."""
    found = []
    candles = market(59, 1_300, empty=0.0)
    plain = call(row, arguments, candles)
    if not _same(plain, answers(row, {}, candles)):
        found.append("its defaults are not the library's")
    for argument in row.arguments:
        if argument.kind == "bool":
            tries: list[Constant] = [not argument.default]
        elif argument.kind == "int":
            tries = [int(argument.low), min(int(argument.default) + 3, int(argument.high)), int(argument.high)]
        else:
            tries = [argument.low, (argument.default + 0.1 * (argument.high - argument.default)), argument.high]
        changed = False
        for value in tries:
            given = {**arguments, argument.name: value}
            changed = changed or not _same(plain, answers(row, given, candles))
            if (refused := quick_trial(row, given).refusal) is not None:
                found.append(f"{argument.name}={value}: {refused}")
        if not changed:
            found.append(f"{argument.name} has no effect")
    return found


def _same(a: Mapping[str, Values], b: Mapping[str, Values] | None) -> bool:
    return b is not None and all(not np.any(differ(a[n], b[n], TOLERANCE, scale_of(a[n]))) for n in a)


def measure(name: str) -> dict[str, Any]:
    """What is stored about a row. `cost` is the only part that differs between runs."""
    row = ROWS[name]
    arguments = {argument.name: argument.default for argument in row.arguments}
    found, reason, starts = verdict(row, arguments)
    stored: dict[str, Any] = {"verdict": found}
    if found != "usable":
        stored["reason"] = reason
        if turned := usable_with(row, arguments):
            stored["usable_with"] = turned
        return stored
    stored |= {"starts": starts, "warmup": warmup(row, arguments, starts), "notes": notes(row, arguments)}
    return stored | {"cost": cost(row, arguments)}


def main() -> None:
    """Measure everything, write the file, and say on standard error what to look at."""
    rows = {}
    for name in sorted(ROWS):
        rows[name] = measure(name)
        if rows[name]["verdict"] != "usable":
            sys.stderr.write(f"{name}: {rows[name]}\n")
        row = ROWS[name]
        with contextlib.suppress(NoResult):
            for doubt in doubts(row, {argument.name: argument.default for argument in row.arguments}):
                sys.stderr.write(f"{name}: doubt: {doubt}\n")
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(known, sort_keys=True)}" for name, known in rows.items())
    _FILE.write_text(
        f'{{\n"library": {json.dumps(installed_version())},\n"rows": {{\n{lines}\n}}\n}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
