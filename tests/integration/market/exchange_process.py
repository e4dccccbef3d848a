"""The simulated exchange as a process on a free loopback port."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass
class ExchangeProcess:
    speed: float
    symbols: int
    port: int = 0
    process: asyncio.subprocess.Process | None = None

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def streams(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def start(self, at_ms: int | None = None) -> None:
        """Start it, on the port it had before where there is one, at the given market time (default: now)."""
        options = ["--port", str(self.port), "--speed", str(self.speed), "--symbols", str(self.symbols)]
        if at_ms is not None:
            options += ["--start", datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simexchange", *options, stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        self.port = int(json.loads(line)["rest"].rsplit(":", 1)[1])

    async def kill(self) -> None:
        """As `kill -9`."""
        if self.process is not None and self.process.returncode is None:
            os.kill(self.process.pid, signal.SIGKILL)
            await self.process.wait()
