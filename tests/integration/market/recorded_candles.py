"""Recorded candles compared with those made of shorter recorded ones; `python -m` this writes the tables into the docs.

1. `compare` makes each recorded interval of each shorter one and sorts the candles of both into equal, different,
   known to the exchange alone and known to us alone.
2. `outages` are the spans in which a 4h file has no candle, with the symbols that miss them.
3. `tables` is the part of `docs/market-data.md` between its markers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from market.aggregate import Span, aggregate
from market.candle_file import Held, gaps_of, read_held
from market.history import intervals_of, symbols_in
from market.source import FIELDS
from screener.intervals import interval_ms, is_multiple

ROOT = Path(__file__).parents[3]
KLINES = ROOT.parent / "shared" / "data" / "klines"
TOP = KLINES / "spot_top10"
DOCUMENT = ROOT / "docs" / "market-data.md"
BEGIN, END = "<!-- recorded: aggregation -->", "<!-- end -->"
EXACT = [FIELDS.index(name) for name in ("open", "high", "low", "close", "trades")]


@dataclass
class Comparison:
    """Candles of one interval made of another, over all symbols. Prices and trades are compared exactly, volumes to
    the last digit of a sum of floats.
    """

    source: str
    target: str
    equal: int = 0
    different: list[tuple[str, int]] = field(default_factory=list)
    exchange_only: list[tuple[str, int]] = field(default_factory=list)
    ours_only: list[tuple[str, int]] = field(default_factory=list)


def recorded(folder: Path = TOP) -> Iterator[tuple[str, dict[str, Held]]]:
    """Each symbol's files."""
    for symbol in symbols_in(folder):
        yield symbol, {label: read_held(path, label) for label, path in intervals_of(folder / symbol).items()}


def gaps_within(held: Held, interval: str) -> list[Span]:
    """Spans without a candle between the first and the last."""
    return gaps_of(held.times, interval, int(held.times[0]), int(held.times[-1]))


@cache
def compare(*, confirmed: bool) -> list[Comparison]:
    """Every pair of intervals; with `confirmed` the gaps of the shorter one are taken for the exchange's own, and what
    is before its first candle too.
    """
    found: dict[tuple[str, str], Comparison] = {}
    for symbol, files in recorded():
        for source, held in files.items():
            absent = gaps_within(held, source) if confirmed else []
            for target, own in files.items():
                if source != target and is_multiple(target, source):
                    row = found.setdefault((source, target), Comparison(source, target))
                    _compare(row, symbol, held, own, absent)
    return list(found.values())


def _compare(row: Comparison, symbol: str, held: Held, own: Held, absent: list[Span]) -> None:
    fields = {name: held.values[:, i] for i, name in enumerate(FIELDS)}
    times, made = aggregate(held.times, fields, row.source, row.target, absent)
    ours = np.column_stack([made[name] for name in FIELDS])
    held_there = (times >= own.times[0]) & (times <= own.times[-1])
    times, ours = times[held_there], ours[held_there]
    there = np.isin(times, own.times)
    theirs = np.full_like(ours, np.nan)
    theirs[there] = own.values[np.isin(own.times, times)]
    known = ~np.isnan(ours).any(axis=1)
    same = (ours[:, EXACT] == theirs[:, EXACT]).all(axis=1) & np.isclose(ours, theirs, rtol=1e-9).all(axis=1)
    row.equal += int((known & there & same).sum())
    for list_, which in (
        (row.different, known & there & ~same),
        (row.exchange_only, there & ~known),
        (row.ours_only, known & ~there),
    ):
        list_ += [(symbol, int(time)) for time in times[which]]


@cache
def outages() -> dict[Span, list[str]]:
    """Spans without a 4h candle, each with the symbols that were listed and have none."""
    found: dict[Span, list[str]] = defaultdict(list)
    for symbol, files in recorded():
        for span in gaps_within(files["4h"], "4h"):
            found[span].append(symbol)
    return dict(sorted(found.items()))


def tables() -> str:
    """Both tables in Markdown."""
    plain = {(row.source, row.target): row for row in compare(confirmed=False)}
    sure = {(row.source, row.target): row for row in compare(confirmed=True)}
    lines = [
        "| made of | candles | compared | equal | different | unknown: a part is missing | the same, gaps confirmed |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for key, row in sorted(plain.items(), key=lambda item: [interval_ms(label) for label in item[0]]):
        compared = row.equal + len(row.different) + len(row.exchange_only) + len(row.ours_only)
        known = sure[key]
        differing = len(known.different) + len(known.exchange_only) + len(known.ours_only)
        result = f"{known.equal:,} equal, {differing} not"
        lines.append(
            f"| {row.source} | {row.target} | {compared:,} | {row.equal:,} | {len(row.different)} | "
            f"{len(row.exchange_only)} | {result} |"
        )
    lines += [
        "",
        "| no 4h candle, UTC | hours | symbols listed then |",
        "| --- | --- | --- |",
    ]
    for (first, end), symbols in outages().items():
        hours = (end - first) // interval_ms("1h")
        lines.append(f"| {_time(first)} to {_time(end)} | {hours} | {len(symbols)} |")
    return "\n".join(lines)


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def written(text: str) -> str:
    """The document with the tables between its markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {DOCUMENT}")
