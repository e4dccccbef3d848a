"""An archive of Binance's shape on a free loopback port, with the files that a test puts into it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from market.source import CandleBlock
from screener.intervals import interval_ms

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def csv_of(block: CandleBlock, *, header: bool = False, scale: int = 1) -> str:
    """A block as Binance writes it; `scale` 1000 for microseconds."""
    step = interval_ms(block.interval)
    lines = [HEADER] if header else []
    for time, row in zip(block.open_times.tolist(), block.values.tolist(), strict=True):
        o, h, low, c, v, quote, trades, base, taken = row
        numbers = ",".join(f"{value:.8f}" for value in (o, h, low, c, v))
        close = (time + step) * scale - 1
        lines.append(f"{time * scale},{numbers},{close},{quote:.8f},{trades:.0f},{base:.8f},{taken:.8f},0")
    return "\n".join(lines) + "\n"


def zip_of(name: str, text: str | bytes) -> bytes:
    """A zip with one CSV file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name.replace(".zip", ".csv"), text)
    return out.getvalue()


@dataclass
class ArchiveServer:
    """Serves `files` by path; `asked` are the paths of all requests, `status` what to answer instead."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int | None = None
    address: str = ""
    _runner: web.AppRunner | None = None

    def put(self, folder: str, symbol: str, interval: str, month: str, data: bytes, checksum: str | None = None) -> str:
        """Add a file and its checksum (the right one unless told); its path."""
        name = f"{symbol}-{interval}-{month}.zip"
        path = f"/data/{folder}/klines/{symbol}/{interval}/{name}"
        self.files[path] = data
        self.files[f"{path}.CHECKSUM"] = f"{checksum or hashlib.sha256(data).hexdigest()}  {name}\n".encode()
        return path

    async def __aenter__(self) -> ArchiveServer:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.status is not None:
            return web.Response(status=self.status)
        if request.path not in self.files:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        return web.Response(body=self.files[request.path], content_type="application/zip")


@contextmanager
def serving(server: ArchiveServer) -> Iterator[ArchiveServer]:
    """The server in a thread of its own, for tests that are no coroutines."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(30)
        yield server
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
