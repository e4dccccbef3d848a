"""Connections of a stream: what each should carry, the readers that carry it, and how the symbols are spread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from market.source import Traffic
from market.types import SourceUnavailable

Read = Callable[[Sequence[str], Traffic], Coroutine[Any, Any, None]]
"""Reads one connection for these symbols until it ends."""

LOOK_S = 0.25


class Reader:
    """One open connection, read by a task whose result is why it ended."""

    def __init__(self, read: Read, symbols: tuple[str, ...]) -> None:
        self.symbols = symbols
        self.traffic = Traffic()
        self.task = asyncio.create_task(self._run(read))

    async def _run(self, read: Read) -> SourceUnavailable:
        try:
            await read(self.symbols, self.traffic)
        except SourceUnavailable as error:
            return error
        return SourceUnavailable("it ended")

    async def delivers(self, within_s: float) -> bool:
        """Wait for the first message; True when it came, or the connection is open and has none to bring."""
        until = time.monotonic() + within_s
        while not self.task.done() and not self.traffic.messages and time.monotonic() < until:
            await asyncio.wait([self.task], timeout=LOOK_S)
        return not self.task.done() and self.traffic.opened is not None

    async def end(self) -> None:
        """Close the connection."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class Connection:
    """A connection that is kept open: `symbols` is what it should carry, `reason` why it ended last."""

    def __init__(self, name: str, symbols: Sequence[str], read: Read) -> None:
        self.name = name
        self.symbols = tuple(symbols)
        self.reconnects = 0
        self.replaced = 0
        self.reason: str | None = None
        self._read = read
        self._readers: list[Reader] = []
        self._past = Traffic()

    def __str__(self) -> str:
        return f"{self.name} ({len(self.symbols)} symbols)" if self.symbols else self.name

    def start(self) -> Reader:
        """Open a connection for the symbols of now; it counts until `stop`."""
        reader = Reader(self._read, self.symbols)
        self._readers.append(reader)
        return reader

    async def stop(self, reader: Reader) -> None:
        """Close a connection that `start` opened."""
        await reader.end()
        if reader in self._readers:
            self._readers.remove(reader)
            past, traffic = self._past, reader.traffic
            past.messages += traffic.messages
            past.unreadable += traffic.unreadable
            past.lost += traffic.lost
            past.last = traffic.last if traffic.last is not None else past.last

    async def close(self) -> None:
        """Close whatever is open: who is cancelled while one connection takes over from another has two."""
        for reader in list(self._readers):
            await self.stop(reader)

    async def until_due(self, reader: Reader, due_s: float) -> None:
        """Return when the reader ended or must be replaced: it is old, about to be closed by the source, or lacks a
        symbol. `due_s` is the real time (monotonic) at which it is old.
        """
        while not reader.task.done() and time.monotonic() < due_s:
            if reader.traffic.ending or not set(self.symbols) <= set(reader.symbols):
                return
            await asyncio.wait([reader.task], timeout=LOOK_S)

    def report(self, now_s: float) -> dict[str, Any]:
        """The state, with times in real seconds before `now_s` (monotonic)."""
        every = [self._past, *(reader.traffic for reader in self._readers)]
        live = [r.traffic for r in self._readers if r.traffic.opened is not None and not r.task.done()]
        opened = live[-1].opened if live else None
        last = max((t.last for t in every if t.last is not None), default=None)
        return {
            "name": self.name,
            "symbols": len(self.symbols),
            "open": opened is not None,
            "open_for_s": None if opened is None else round(now_s - opened, 1),
            "silent_for_s": None if last is None else round(now_s - last, 1),
            "messages": sum(t.messages for t in every),
            "unreadable": sum(t.unreadable for t in every),
            "lost": sum(t.lost for t in every),
            "reconnects": self.reconnects,
            "replaced": self.replaced,
            "reason": self.reason,
        }


class Spread:
    """Symbols spread over connections of at most `most` each."""

    def __init__(self, most: int, read: Read) -> None:
        if most < 1:
            raise ValueError(f"a connection carries at least one symbol, not {most}")
        self.connections: list[Connection] = []
        self.past_reconnects = 0
        self._most = most
        self._read = read
        self._made = 0

    def assign(self, symbols: Sequence[str]) -> None:
        """Carry these symbols: who stays stays where it is, who joins goes where there is most room."""
        wanted = dict.fromkeys(symbols)
        for one in self.connections:
            one.symbols = tuple(name for name in one.symbols if name in wanted)
            for name in one.symbols:
                del wanted[name]
        for gone in [one for one in self.connections if not one.symbols]:
            self.connections.remove(gone)
            self.past_reconnects += gone.reconnects
        joining = list(wanted)
        # Evenly, so that every connection has room for those who join later.
        lacking = -(-(len(joining) + sum(len(one.symbols) for one in self.connections)) // self._most)
        for _ in range(lacking - len(self.connections)):
            self._made += 1
            self.connections.append(Connection(f"candles {self._made}", (), self._read))
        for name in joining:
            emptiest = min(self.connections, key=lambda one: len(one.symbols))
            emptiest.symbols = (*emptiest.symbols, name)
