"""What the engine's benchmarks share: the market, compiled strategies, references and peers, each made once."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from functools import cache, cached_property
from typing import Any, Final

from benchmarks.compiling import Compiled, compiled
from benchmarks.engine.adapter import Screening
from benchmarks.machine import cores, other_cores
from benchmarks.peers import LIBRARIES, Indicator, Vectorbt, needed, per_symbol_ms
from benchmarks.rows import Detail
from benchmarks.synthetic import Market, market

SYMBOLS: Final = 600
SEED: Final = 7
HELD: Final = 300
"""Candles of each interval in the step benchmarks. A step reads its own state and the window's ends, never all of them,
so that more would change the time of filling only; with 300 every window of the strategies, at most 250, is full."""
WILD_HELD: Final = 120
"""Candles for the wild ones, which take long to fill. More windows are unknown then, and a step does the same work."""
FULL: Final = 1500
"""Candles of each interval where filling or memory is what is measured."""


class Bench:
    """One run of the engine's benchmarks."""

    def __init__(self) -> None:
        self._vectorbt: Vectorbt | None = None
        self._filled: Screening | None = None
        self._beside: subprocess.Popen[bytes] | None = None
        self._beside_count = 0

    @cache  # noqa: B019 - one instance lives as long as the run
    def market(self, symbols: int = SYMBOLS, candles: int = HELD, minutes: int = 360) -> Market:
        """The synthetic market; see `benchmarks.synthetic.market`."""
        return market(symbols, candles, minutes)

    @cache  # noqa: B019 - as above
    def compiled(self, count: int, wild: bool = False) -> Compiled:
        """`count` strategies, compiled one by one; the wild ones by the process that `compile_beside` started, where
        it did."""
        if wild and self._beside is not None and count == self._beside_count:
            answer, _ = self._beside.communicate()
            if self._beside.returncode:
                raise RuntimeError("the wild strategies were not compiled")
            # Made by our own process, from texts that are drawn here.
            made: Compiled = pickle.loads(answer)
            return made
        return compiled(count, SEED, wild)

    def compile_beside(self, count: int) -> None:
        """Have `count` wild strategies compiled on another core meanwhile: it takes longer than the lines before."""
        self._beside_count = count
        self._beside = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.compiling", str(count), str(SEED)], stdout=subprocess.PIPE
        )
        _keep_off(self._beside.pid)

    @cache  # noqa: B019 - as above
    def indicators(self, count: int, wild: bool = False) -> list[Indicator]:
        """The different indicators that these strategies read."""
        return needed(s.spec for s in self.compiled(count, wild).drawn)

    @property
    def filled(self) -> Screening:
        """An engine with 10,000 strategies over 1,500 candles of each interval. Made once; whoever uses it puts it
        back as it was."""
        if self._filled is None:
            self._filled = Screening(self.market(candles=FULL, minutes=60))
            self._filled.add(enumerate(self.compiled(10_000).programs))
        return self._filled

    def release(self) -> None:
        """Forget the filled engine, which takes the most memory."""
        self._filled = None

    def start_vectorbt(self) -> None:
        """Begin to measure vectorbt beside the rest."""
        if self._vectorbt is None:
            self._vectorbt = Vectorbt(HELD, SYMBOLS)
            _keep_off(self._vectorbt.pid)

    def peers(self, count: int, wild: bool, held: int, wait: float) -> dict[str, Detail]:
        """Milliseconds that each library needs for one candle close at which all intervals close."""
        wanted = self.indicators(count, wild)
        found: dict[str, Detail] = {
            f"{name}_ms": per_symbol_ms(name, wanted, self.market(candles=held), held, SYMBOLS) for name in LIBRARIES
        }
        self.start_vectorbt()
        assert self._vectorbt is not None
        found["vectorbt_ms"] = self._vectorbt.ms(wanted, wait)
        return {**{k: "not installed" if v is None else v for k, v in found.items()}, "indicators": len(wanted)}

    def stop(self) -> None:
        """End what still runs beside."""
        if self._vectorbt is not None:
            self._vectorbt.stop()
        if self._beside is not None and self._beside.poll() is None:
            self._beside.kill()
            self._beside.communicate()

    @cached_property
    def load(self) -> float | None:
        """How busy the machine was when the run began."""
        return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


class Beside:
    """The reference at work in a process of its own, on another core where there is one."""

    def __init__(self, **wanted: Any) -> None:
        request = {"symbols": SYMBOLS, "seed": SEED, "wild": False, **wanted}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.reference", json.dumps(request)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        _keep_off(self._process.pid)

    def answer(self) -> dict[str, Any]:
        """Wait for the answer: counts of hits and edges, their checksums, the unknown share."""
        out, errors = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"the reference failed: {errors[-2000:]}")
        answer: dict[str, Any] = json.loads(out)
        return answer


def _keep_off(pid: int) -> None:
    """Let a process use any core but the one that is measured on."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, other_cores(cores()[-1]))


def fastest(peers: dict[str, Detail]) -> float | None:
    """The least of the peers' times, ms."""
    return min((v for k, v in peers.items() if k.endswith("_ms") and isinstance(v, float)), default=None)
