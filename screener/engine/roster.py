"""Who is screened, and what was true of them: the strategies' roots, and their memory of the last screened candle.

1. `Roster.screen` is one candle close: which symbols match, which rose, which are unknown, for every strategy whose
   base closed.
2. `StepResult` keeps the answer in bitsets and unpacks what is asked for; `Bits.pairs` lists hits and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from screener.engine.cells import Ref
from screener.engine.kernels.run import scatter, screen
from screener.engine.machine import Ints, Machine, Words
from screener.engine.stepper import unpack

_PAST = np.iinfo(np.int64).min


class Bits(Mapping[str, NDArray[np.bool_]]):
    """Booleans by strategy and symbol, `[symbols]` for each key; held as bits."""

    def __init__(self, keys: Sequence[str], words: Words, size: int) -> None:
        self._keys = keys
        self._words = words
        self._size = size
        self._row: dict[str, int] | None = None

    def __getitem__(self, key: str) -> NDArray[np.bool_]:
        if self._row is None:
            self._row = {k: i for i, k in enumerate(self._keys)}
        return unpack(self._words[self._row[key]], self._size)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def count(self) -> int:
        """How many are true."""
        return int(np.bitwise_count(self._words).sum())

    def pairs(self) -> Ints:
        """(place of the strategy among the keys, symbol index) of all that are true, `[hits, 2]`."""
        out = np.empty((self.count, 2), dtype=np.int64)
        scatter(np.ascontiguousarray(self._words), out)
        return out


class Counts(Mapping[str, int]):
    """A number by strategy."""

    def __init__(self, keys: Sequence[str], values: Ints) -> None:
        self._keys = keys
        self.array = values
        self._row: dict[str, int] | None = None

    def __getitem__(self, key: str) -> int:
        if self._row is None:
            self._row = {k: i for i, k in enumerate(self._keys)}
        return int(self.array[self._row[key]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True)
class StepResult:
    """One candle close, screened, for the strategies (`keys`) whose base candle closed.

    `match` is known and true on this candle; `edge` rose since the last screened candle; `unknown` counts symbols whose
    truth is unknown, those without this candle included; `present` has, by base interval, the symbols that have this
    candle; `timings` are milliseconds.
    """

    close_time: int
    keys: Sequence[str]
    match: Bits
    edge: Bits
    unknown: Counts
    present: Mapping[str, NDArray[np.bool_]]
    timings: Mapping[str, float] = field(default_factory=dict)


class Roster:
    """Strategies in rows: their root, base, the close of the last screened candle (ms UTC), the symbols on which it
    was known false, and the edges of that candle."""

    def __init__(self, width: int) -> None:
        words = width // 64
        self._keys: list[str] = []
        self._bases: list[str] = []
        self._cells: Ints = np.zeros(0, dtype=np.int64)
        self._lags: Ints = np.zeros(0, dtype=np.int64)
        self._screened: Ints = np.zeros(0, dtype=np.int64)
        self._false: Words = np.zeros((0, words), dtype=np.uint64)
        self._edges: Words = np.zeros((0, words), dtype=np.uint64)
        # By base: close last screened, and the symbols seen on it.
        self._seen: dict[str, tuple[int, Words]] = {}
        self._rows: dict[str, tuple[Ints, list[str]]] = {}

    @property
    def bases(self) -> tuple[str, ...]:
        return tuple(self._by_base())

    def add(self, entries: Sequence[tuple[str, str, Ref]], memory: Words, screened: Sequence[int | None]) -> None:
        """Add strategies (key, base, root) with the symbols on which they were known false when last screened."""
        self._keys += [key for key, _, _ in entries]
        self._bases += [base for _, base, _ in entries]
        self._cells = np.concatenate([self._cells, np.array([r.cell for _, _, r in entries], dtype=np.int64)])
        self._lags = np.concatenate([self._lags, np.array([r.lag for _, _, r in entries], dtype=np.int64)])
        closes = np.array([_PAST if s is None else s for s in screened], dtype=np.int64)
        self._screened = np.concatenate([self._screened, closes])
        self._false = np.vstack([self._false, memory])
        self._edges = np.vstack([self._edges, np.zeros_like(memory)])
        self._rows = {}

    def remove(self, keys: Sequence[str]) -> None:
        gone = set(keys)
        keep = np.array([k not in gone for k in self._keys], dtype=np.bool_)
        self._bases = [b for b, k in zip(self._bases, keep, strict=True) if k]
        self._keys = [k for k in self._keys if k not in gone]
        self._cells, self._lags, self._screened = self._cells[keep], self._lags[keep], self._screened[keep]
        self._false, self._edges = self._false[keep], self._edges[keep]
        self._rows = {}

    def widen(self, width: int) -> None:
        """More columns, never screened."""
        grown = ((0, 0), (0, width // 64 - self._false.shape[1]))
        self._false, self._edges = np.pad(self._false, grown), np.pad(self._edges, grown)
        self._seen = {b: (t, np.pad(w, grown[1])) for b, (t, w) in self._seen.items()}

    def screen(self, machine: Machine, close: int, present: Mapping[str, Words], size: int) -> StepResult:
        """Screen the strategies of these bases on the candle that closed at `close` (ms UTC)."""
        keys: list[str] = []
        parts: list[tuple[Words, Words, Ints]] = []
        for base, here in present.items():
            rows, names = self._by_base()[base]
            seen_close, seen = self._seen.get(base, (_PAST, here))
            unseen = here & ~seen if seen_close == close else np.zeros_like(here)
            matching = np.empty((len(rows), len(here)), dtype=np.uint64)
            known = np.empty(len(rows), dtype=np.int64)
            screen(
                machine.rings, machine.now, machine.true, machine.false,
                rows, self._cells, self._lags, self._screened, close, int(seen_close == close),
                here, unseen, self._false, self._edges, matching, known,
            )  # fmt: skip
            self._screened[rows] = np.maximum(self._screened[rows], close)
            self._seen[base] = (close, here | seen if seen_close == close else here)
            keys = [*keys, *names] if keys else names
            parts.append((matching, self._edges if len(rows) == len(self._keys) else self._edges[rows], size - known))
        return self._result(keys, parts, close, present, size)

    def screened(self, base: str) -> int | None:
        """Close of the candle on which the strategies of a base were screened last, ms UTC."""
        return self._seen[base][0] if base in self._seen else None

    def look(self, machine: Machine, keys: Sequence[str], close: int, present: Words, size: int) -> StepResult:
        """Screen some strategies of one base without remembering anything."""
        row_of = {k: i for i, k in enumerate(self._keys)}
        rows = np.array([row_of[k] for k in keys], dtype=np.int64)
        at = machine.rows_of(self._cells[rows], self._lags[rows])
        true, false = machine.true[at] & present, machine.false[at] & present
        known = np.bitwise_count(true | false).sum(axis=1, dtype=np.int64)
        parts = [(true, true & self._false[rows], size - known)]
        return self._result(list(keys), parts, close, {self._bases[rows[0]]: present}, size)

    def _result(
        self,
        keys: Sequence[str],
        parts: Sequence[tuple[Words, Words, Ints]],
        close: int,
        present: Mapping[str, Words],
        size: int,
    ) -> StepResult:
        words = self._false.shape[1]
        empty = np.zeros((0, words), dtype=np.uint64)
        match = np.concatenate([p[0] for p in parts]) if parts else empty
        edge = np.concatenate([p[1] for p in parts]) if parts else empty
        unknown = np.concatenate([p[2] for p in parts]) if parts else np.zeros(0, dtype=np.int64)
        here = {base: unpack(w, size) for base, w in present.items()}
        return StepResult(close, keys, Bits(keys, match, size), Bits(keys, edge, size), Counts(keys, unknown), here)

    def _by_base(self) -> dict[str, tuple[Ints, list[str]]]:
        if not self._rows and self._keys:
            bases = np.array(self._bases)
            for base in dict.fromkeys(self._bases):
                rows = np.flatnonzero(bases == base).astype(np.int64)
                self._rows[base] = (rows, [self._keys[r] for r in rows])
        return self._rows
