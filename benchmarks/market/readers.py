"""A thousand viewers of live prices on one API process: processor, memory, delay, and what they cost the worker.

1. `run` holds a made-up market of 600 symbols whose prices all change once a second, as the exchange tells them, behind
   the worker's real endpoint.
2. A process of its own (`python -m benchmarks.market.readers WORKER_PORT PORT`) serves the API's price routes over it.
3. `READERS` connections read server-sent prices of `EACH` symbols; every line that comes is read, and its age noted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import psutil

from app.market_client import MarketClient
from app.market_server import MarketServer, MarketView
from app.prices import PriceBoard
from app.processes import free_port
from benchmarks.rows import Row
from market.clock import SystemClock
from market.types import Price

SYMBOLS = tuple(f"S{n:03d}USDT" for n in range(600))
READERS = 1000
EACH = 20
SECONDS = 20.0
TOKEN = "token-of-the-benchmark"
OLD_MS = 500.0


def serve(worker_port: int, port: int) -> None:
    """The API's price routes alone, until the process is ended."""
    import uvicorn
    from fastapi import FastAPI

    from api.problems import install
    from api.routes import market

    client = MarketClient(f"http://127.0.0.1:{worker_port}", TOKEN)
    board = PriceBoard(client)

    @asynccontextmanager
    async def followed(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = SimpleNamespace(market=client, prices=board)
        task = asyncio.create_task(board.run())
        yield
        task.cancel()

    app = FastAPI(lifespan=followed)
    install(app)
    app.include_router(market.router)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


async def _read(port: int, names: list[str], ages: list[float], ready: asyncio.Semaphore) -> None:
    async with ready:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        path = f"/market/quotes/stream?symbols={','.join(names)}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        await reader.readuntil(b"event: quotes")
        await reader.readline()
    try:
        async for line in reader:
            if line.startswith(b"data: {") and b'"price": ' in line:
                sent = float(line.split(b'"price": ', 1)[1].split(b",", 1)[0])
                ages.append((time.monotonic() - sent) * 1000)
    finally:
        writer.close()


async def _measure() -> dict[str, Any]:
    prices: dict[str, Price] = {}
    view = SimpleNamespace(prices=prices, clock=SystemClock(), coverage=deque(), infos={}, report=dict)
    worker, worker_port, port = MarketServer(cast(MarketView, view), TOKEN), free_port(), free_port()

    def change() -> None:
        # The price is the moment it was set, so that a viewer sees its age.
        now = time.monotonic()
        prices.update((name, Price(name, now, 0)) for name in SYMBOLS)

    change()
    await worker.start("127.0.0.1", worker_port)
    command = [sys.executable, "-m", "benchmarks.market.readers", str(worker_port), str(port)]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        while worker.price_streams == 0:  # noqa: ASYNC110 - the endpoint tells nobody who follows it
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        api = psutil.Process(process.pid)
        before = api.memory_full_info().uss
        ages: list[float] = []
        ready = asyncio.Semaphore(50)
        names = [[SYMBOLS[(n * 7 + k) % len(SYMBOLS)] for k in range(EACH)] for n in range(READERS)]
        tasks = [asyncio.create_task(_read(port, mine, ages, ready)) for mine in names]
        while len(ages) < READERS:
            change()
            await asyncio.sleep(1)
        gc.collect()
        gc.freeze()
        ages.clear()
        begin, used = time.monotonic(), _processor(api)
        while time.monotonic() - begin < SECONDS:
            change()
            await asyncio.sleep(1)
        took, spent = time.monotonic() - begin, _processor(api) - used
        result = {
            "core_percent": spent / took * 100,
            "mib": (api.memory_full_info().uss - before) / 2**20,
            "streams": worker.price_streams,
            "delivered": len(ages),
            "p50_ms": sorted(ages)[len(ages) // 2],
            "p99_ms": sorted(ages)[int(len(ages) * 0.99)],
        }
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return result
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await worker.stop()


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def run(wanted: str = "market.readers") -> Iterator[Row]:
    """Rows for `READERS` viewers; the peer of the streams is one, of the delay the worker's tenth of a second and what
    a person does not notice."""
    found = asyncio.run(_measure())
    details = {"readers": READERS, "symbols_each": EACH, "changes_per_second": len(SYMBOLS)}
    for row in (
        Row("market.readers.core", found["core_percent"], "%", None, {**details, "delivered": found["delivered"]}),
        Row("market.readers.memory", found["mib"], "MiB", None, details),
        Row("market.readers.upstream", found["streams"], "streams", 1, details),
        Row("market.readers.delay.p99", found["p99_ms"], "ms", OLD_MS, {"p50_ms": found["p50_ms"]}),
    ):
        if row.name.startswith(wanted):
            yield row


if __name__ == "__main__":
    if len(sys.argv) == 3:
        serve(int(sys.argv[1]), int(sys.argv[2]))
    else:
        for found_row in run():
            print(json.dumps(found_row.record()))
