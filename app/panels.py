"""What all who read held candles need of whoever holds them."""

from __future__ import annotations

import asyncio
from typing import Protocol

from screener.engine.panel import Panel


class Panelled(Protocol):
    """A market whose candles are held in a panel."""

    @property
    def engine_lock(self) -> asyncio.Lock:
        """Held by whoever reads engine or panel in a thread."""
        ...

    @property
    def panel(self) -> Panel:
        """The candles held."""
        ...
