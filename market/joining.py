"""Symbols that join and leave while the feed runs.

1. `run` reads the universe every few minutes. One that lacks more than half of the symbols is believed when it was
   read twice.
2. `apply` takes the change over between two boundaries: columns, streams, what was under way.
3. The history of those that joined is fetched afterwards and delivered as candles of minutes past. Until it is there
   they count as missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from market.backfill import Filler
from market.inbox import Inbox
from market.repair import Repairer
from market.source import CandleBlock
from market.store import MarketStore
from market.subscriptions import Subscriptions
from market.types import MarketError, SymbolInfo

log = logging.getLogger(__name__)

UNIVERSE_EVERY_S = 300.0

ReadUniverse = Callable[[], Awaitable[Sequence[SymbolInfo]]]
"""The symbols that shall be followed now. May raise MarketError; the symbols then stay."""
OnUniverse = Callable[[Sequence[SymbolInfo], Sequence[str], Sequence[str]], Awaitable[None]]
"""Called when symbols joined or left: all symbols, those that joined, those that left."""


class Joining:
    """Changes which symbols are followed. `depths()` says how many candles of each interval a new one shall have;
    `interrupt()` has `apply` called soon.
    """

    def __init__(
        self,
        store: MarketStore,
        inbox: Inbox,
        repairer: Repairer,
        streams: Subscriptions,
        filler: Filler,
        lock: asyncio.Lock,
        boundary: Callable[[], int],
        depths: Callable[[], Mapping[str, int]],
        interrupt: Callable[[], None],
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._repairer = repairer
        self._streams = streams
        self._filler = filler
        self._lock = lock
        self._boundary = boundary
        self._depths = depths
        self._interrupt = interrupt
        self._pending: tuple[Sequence[str], Sequence[str]] | None = None
        self._applied = asyncio.Event()
        self._doubted: frozenset[str] = frozenset()

    async def run(self, read: ReadUniverse, told: OnUniverse, every_s: float) -> None:
        """Follow the universe until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            try:
                infos = await read()
            except MarketError as error:
                log.warning("the exchange's symbols were not read: %s", error)
                continue
            wanted = {info.symbol for info in infos}
            held = {name for name, on in zip(self._store.symbols, self._store.active, strict=True) if on}
            joined = [info.symbol for info in infos if info.symbol not in held]
            left = sorted(held - wanted)
            if not (joined or left) or not self._believed(wanted, held):
                continue
            log.info("%d symbols joined, %d left: %s", len(joined), len(left), " ".join([*joined, *left][:20]))
            await self._change(joined, left)
            await told(infos, joined, left)
            if joined:
                # `told` came first: whoever hears of their candles knows their rules.
                await self._filler.fill(joined, self._depths(), self._boundary(), self._deliver)

    def _believed(self, wanted: set[str], held: set[str]) -> bool:
        if 2 * len(wanted & held) >= len(held) and wanted:
            return True
        again = bool(wanted) and self._doubted == frozenset(wanted)
        self._doubted = frozenset(wanted)
        if not again:
            log.warning("the exchange lists %d of %d symbols; asking again before they go", len(wanted), len(held))
        return again

    async def _change(self, joined: Sequence[str], left: Sequence[str]) -> None:
        self._applied.clear()
        self._pending = (joined, left)
        self._interrupt()
        await self._applied.wait()

    async def apply(self) -> frozenset[str]:
        """Take over what is to change; returns the symbols whose columns the engine must step again."""
        if self._pending is None:
            return frozenset()
        joined, left = self._pending
        self._pending = None
        async with self._lock:
            for name in left:
                self._store.drop(name)
                self._inbox.forget(self._store.column[name])
                self._repairer.forget(name)
            for name in joined:
                self._store.add(name)
        active = [name for name, on in zip(self._store.symbols, self._store.active, strict=True) if on]
        self._streams.follow(active)
        self._applied.set()
        return frozenset((*joined, *left))

    async def _deliver(self, block: CandleBlock) -> None:
        self._inbox.add_block(block, news=False)
