"""Filters over recorded candles: check one, print its matches, explain one candle.

1. `program_of` compiles the text for the market that the folder holds, so that an unknown symbol is an error.
2. `_history` reads the candles the program needs and steps the engine's own kernels over all of them.
3. `scan` prints the matches inside the times asked for; `explain` the conditions of one candle.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from app.commands.options import DATA, INTERVALS, DataCommand, iso, keep_machine_code, moment
from app.commands.output import BAD_INPUT, diagnostic_row, fail, fail_filter, read_program, say
from screener import FilterError, Program, compile_filter, compile_report, explain_row, interval_ms, program_report

if TYPE_CHECKING:
    from screener.engine.replay import Candles, ConditionValue, History

DEFAULT_INTERVAL = "1h"
MARKET_WIDE = frozenset({"rank", "market_percentile", "market_mean", "market_zscore", "breadth"})


@click.command(name="compile", cls=DataCommand)
@click.argument("file", metavar="FILE|-")
@click.option(
    "--interval",
    type=INTERVALS,
    help=f"Base interval [{DEFAULT_INTERVAL}, or the finest that the filter names].",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def compile_(file: str, interval: str | None, as_json: bool) -> None:
    """Check a filter: its errors, or its hash, intervals, reach, cost, conditions, reading and canonical source."""
    text = read_program(file, as_json=as_json)
    try:
        program = compile_filter(text, interval) if interval else _any_base(text)
    except FilterError as error:
        if as_json:
            report = compile_report(text, interval or DEFAULT_INTERVAL)
            click.echo(json.dumps({**report, "ok": False, "errors": [diagnostic_row(d) for d in error.diagnostics]}))
            raise SystemExit(BAD_INPUT) from None
        fail_filter(error.diagnostics, as_json=False)
    if as_json:
        click.echo(json.dumps(program_report(program)))
        return
    say(program.reading)
    say("")
    reach = ", ".join(f"{label} {count:,}" for label, count in program.reach.items())
    for name, value in (
        ("base", program.base),
        ("intervals", ", ".join(program.intervals)),
        ("reach", f"{reach} candles" if reach else "none"),
        ("cost", f"{program.cost} nodes a step"),
        ("hash", program.hash),
    ):
        say(f"{name:<10} {value}")
    for i, condition in enumerate(program.conditions):
        name = "" if condition.name == condition.text else f"{condition.name}: "
        say(f"{'conditions' if i == 0 else '':<10} {name}{condition.text}")
    for i, line in enumerate(program_report(program)["canonical"].splitlines()):
        say(f"{'canonical' if i == 0 else '':<10} {line}")
    _warn(program)


@click.command(cls=DataCommand)
@click.argument("file", metavar="FILE|-")
@DATA
@click.option("--interval", required=True, type=INTERVALS, help="Base interval.")
@click.option(
    "--hits",
    type=click.Choice(["edges", "all"]),
    default="edges",
    show_default=True,
    help="Where the filter becomes true, or every candle on which it is.",
)
@click.option("--symbol", "symbols", multiple=True, help="Print this symbol's matches only; may be repeated.")
@click.option("--from", "start", type=moment, help="First candle close to print; earlier candles warm up.")
@click.option("--to", "end", type=moment, help="Last candle close to print.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def scan(
    file: str,
    folder: Path,
    interval: str,
    hits: Literal["edges", "all"],
    symbols: tuple[str, ...],
    start: int | None,
    end: int | None,
    as_json: bool,
) -> None:
    """Print every match of a filter over recorded candles, oldest first."""
    import numpy as np

    begin = time.perf_counter()
    text = read_program(file, as_json=as_json)
    if start is not None and end is not None and start > end:
        fail("--from is after --to", as_json=as_json, code=BAD_INPUT)
    program = program_of(text, interval, folder, symbols, as_json=as_json)
    history = _history(program, folder, symbols, end, as_json=as_json)
    found = history.edges if hits == "edges" else history.match == 1
    wanted = np.array([not symbols or name in symbols for name in history.symbols], dtype=np.bool_)
    found = found & wanted
    if start is not None:
        found &= (history.times >= start)[:, None]
    cells = [(int(row), int(column)) for row, column in np.argwhere(found)]
    scores = None if program.score is None else history.values(program.score)
    if scores is not None:
        # Of one candle's matches the largest score comes first, unknown ones last.
        cells.sort(key=lambda cell: (cell[0], -np.nan_to_num(scores[cell], nan=-np.inf)))
    for (row, column), conditions in zip(cells, history.conditions(cells), strict=True):
        match = {
            "symbol": history.symbols[column],
            "candle_close": iso(int(history.times[row])),
            "price": _number(history.price[row, column]),
            "score": None if scores is None else _number(scores[row, column]),
            "conditions": [condition_json(value) for value in conditions],
        }
        if as_json:
            click.echo(json.dumps(match))
        else:
            texts = "; ".join(_condition_line(value) for value in conditions)
            score = "" if match["score"] is None else f"score {match['score']:.6g}  "
            say(f"{match['candle_close']}  {match['symbol']:<14} {match['price']:<12.8g} {score}{texts}")
    if not as_json:
        _warn(program)
        say(
            f"{len(cells):,} matches; {int(wanted.sum())} symbols, {len(history.times):,} candles of {interval}, "
            f"{time.perf_counter() - begin:.2f} s",
            err=True,
        )


@click.command(cls=DataCommand)
@click.argument("file", metavar="FILE|-")
@DATA
@click.option("--interval", required=True, type=INTERVALS, help="Base interval.")
@click.option("--symbol", required=True)
@click.option("--at", "until", type=moment, help="The newest candle closed by then [the newest of all].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain(file: str, folder: Path, interval: str, symbol: str, until: int | None, as_json: bool) -> None:
    """Print each condition of a filter on one candle: its text, both sides' values, and whether it held."""
    import numpy as np

    text = read_program(file, as_json=as_json)
    program = program_of(text, interval, folder, (symbol,), as_json=as_json)
    history = _history(program, folder, (symbol,), until, as_json=as_json)
    column = history.symbols.index(symbol)
    held = np.flatnonzero(np.isfinite(history.price[:, column]))
    if not len(held):
        by = "" if until is None else f" closed by {iso(until)}"
        fail(f"{folder}: {symbol} has no {interval} candle{by}", as_json=as_json, code=BAD_INPUT)
    row = int(held[-1])
    conditions = history.conditions([(row, column)])[0]
    truth = {1: True, 0: False, -1: None}[int(history.match[row, column])]
    close = iso(int(history.times[row]))
    wanted = {name: node for name in ("score", "stop", "target") if (node := getattr(program, name)) is not None}
    picked = history.pick(list(wanted.values()), [(row, column)])
    results = {name: _number(picked[node][0]) for name, node in wanted.items()}
    if as_json:
        answer = {
            "symbol": symbol,
            "candle_close": close,
            "price": _number(history.price[row, column]),
            "match": truth,
            "edge": bool(history.edges[row, column]),
            **results,
            "reading": program.reading,
            "conditions": [
                {"name": value.name, "op": value.op, **condition_json(value), "reading": condition.reading}
                for value, condition in zip(conditions, program.conditions, strict=True)
            ],
        }
        click.echo(json.dumps(answer))
        return
    verdict = {True: "matches", False: "does not match", None: "is unknown"}[truth]
    say(f"{symbol} {interval}, candle closed {close} at {history.price[row, column]:.8g}: {verdict}")
    say(program.reading)
    for value, condition in zip(conditions, program.conditions, strict=True):
        say(f"  {_condition_line(value)}")
        say(f"    {condition.reading}")
    for name, number in results.items():
        say(f"  {name}: {'unknown' if number is None else format(number, '.8g')}")
    _warn(program)


def condition_json(value: ConditionValue) -> dict[str, Any]:
    """A condition's values as `scan --json` prints them."""
    return {"text": value.text, "left": value.left, "right": value.right, "value": value.value}


def _condition_line(value: ConditionValue) -> str:
    from screener import Condition

    row = explain_row(Condition(value.name, value.text, 0, op=value.op), value.left, value.right, value.value)
    return str(row) if value.name == value.text else f"{value.name}: {row}"


def _number(value: float) -> float | None:
    number = float(value)
    return None if number != number else number


def _warn(program: Program) -> None:
    for warning in program.warnings:
        say(f"warning {warning}", err=True)


def _any_base(text: str) -> Program:
    """Compile for 1h, or for the finest interval that the text names where 1h is above it.

    Raises FilterError with the fewest errors that any of them gives.
    """
    failures: list[FilterError] = []
    bases = [DEFAULT_INTERVAL]
    try:
        named = compile_filter(text, "1m").intervals
        finer = [label for label in named if label != "1m"]
        bases += [min(finer, key=interval_ms)] if finer else []
        bases.append("1m")
    except FilterError as error:
        failures.append(error)
    for base in bases:
        try:
            return compile_filter(text, base)
        except FilterError as error:
            failures.append(error)
    raise min(failures, key=lambda failure: len(failure.diagnostics))


def program_of(text: str, interval: str, folder: Path, symbols: Sequence[str], *, as_json: bool) -> Program:
    """Compile for the symbols in `folder`; whatever is wrong with either, or with `symbols`, ends the program."""
    from market.history import HistoryError, symbols_in

    try:
        market = symbols_in(folder)
    except (HistoryError, OSError) as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT)
    try:
        program = compile_filter(text, interval, market)
    except FilterError as error:
        fail_filter(error.diagnostics, as_json=as_json)
    if unknown := [name for name in symbols if name not in market]:
        near = _near(unknown[0], market)
        fail(
            f"{folder} has no candles of {', '.join(unknown)}{near}",
            as_json=as_json,
            code=BAD_INPUT,
            error_code="unknown_symbol",
        )
    return program


def _near(name: str, market: Sequence[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name.upper(), market, n=1)
    return f"; did you mean {found[0]}?" if found else f"; it has {len(market)} symbols, {market[0]} for one"


def candles_of(program: Program, folder: Path, symbols: Sequence[str], *, as_json: bool) -> Candles:
    """The candles of `folder` that the program reads; without `symbols`, or where it looks across the market, of all.

    Files that cannot be read end the program.
    """
    from market.history import HistoryError, read_folder

    names: list[str] | None = None
    if symbols and not any(node.op in MARKET_WIDE for node in program.nodes):
        others = {str(node.params[2]) for node in program.nodes if node.op == "src" and node.params[2]}
        names = sorted({*symbols, *others})
    intervals = list(dict.fromkeys((program.base, *program.intervals)))
    try:
        table = read_folder(folder, intervals, names)
    except (HistoryError, OSError) as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT, error_code="bad_data")
    keep_machine_code()
    from screener.engine.replay import Candles

    return Candles(table.symbols, table.series)


def _history(program: Program, folder: Path, symbols: Sequence[str], until: int | None, *, as_json: bool) -> History:
    candles = candles_of(program, folder, symbols, as_json=as_json)
    from screener.engine.replay import replay

    return replay(program, candles, program.base, until)
