"""Reading streams: processor time of a process that receives 5,000 kline messages a second over loopback.

1. `run` starts a sender and, one after the other, receivers, each a process of its own on its own core.
2. The sender (`_send`) is a WebSocket server that pushes messages made beforehand: 600 symbols, candles of 1m and 5m.
3. A receiver follows all symbols for some seconds and reports the processor time it used, by resource usage.
   `ours` reads as the feed does, through `Subscriptions` into inbox and panel; `theirs` is python-binance's own
   multiplex socket with the `json` it comes with, and stores nothing.

`market.stream` has as many closed candles among the messages as the exchange sends; `market.stream.closed` has closed
candles only, so that each one is handed over and stored. The limit, for the usual
traffic, is a quarter of one core.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.machine import cores, other_cores
from benchmarks.rows import Row

SYMBOLS = tuple(f"S{n:03d}USDT" for n in range(600))
PER_CONNECTION = 200
RATE = 5000
WARM_S = 3.0
MEASURED_S = 12.0
LIMIT_CORES = 0.25
START_MS = 1_700_006_400_000
INTERVALS = (("1m", 60_000), ("5m", 300_000))
KINDS = ("usual", "closed")
_LINE = (
    '{{"stream":"{lower}@kline_{label}","data":{{"e":"kline","E":{time},"s":"{symbol}","k":{{"t":{open},"T":{close},'
    '"s":"{symbol}","i":"{label}","f":{n},"L":{n},"o":"0.00101200","c":"0.00102{tail:03d}","h":"0.00103000",'
    '"l":"0.00100000","v":"15874.40000000","n":{n},"x":{closed},"q":"16.10418320","V":"8012.10000000",'
    '"Q":"8.12841730","B":"0"}}}}}}'
)


def run(wanted: str = "market.stream") -> Iterator[Row]:
    """A row for each kind of traffic: cores that receiving took; the peer is python-binance's own way."""
    for kind in KINDS:
        name = "market.stream" if kind == "usual" else f"market.stream.{kind}"
        if not f"{name}.".startswith(f"{wanted}."):
            continue
        with subprocess.Popen(_command("send", kind), stdout=subprocess.PIPE, text=True) as sender:
            try:
                port = json.loads(_line(sender.stdout))["port"]
                ours = _receive("ours", port)
                theirs = _receive("theirs", port)
            finally:
                sender.terminate()
        yield _row(name, ours, theirs)


def _row(name: str, ours: dict[str, float], theirs: dict[str, float]) -> Row:
    failure = None
    if ours["rate"] < 0.95 * RATE:
        failure = f"only {ours['rate']:.0f} messages a second arrived"
    elif ours["lost"] or ours["unreadable"]:
        failure = f"{ours['lost']:.0f} messages were lost and {ours['unreadable']:.0f} unreadable"
    elif name == "market.stream" and ours["cores"] > LIMIT_CORES:
        failure = f"more than {LIMIT_CORES} cores"
    details = {
        **({"limit": LIMIT_CORES} if name == "market.stream" else {}),
        "messages_per_s": ours["rate"],
        "us_per_message": ours["us"],
        "handed_over_per_s": ours["handed"],
        "minutes_stored": ours["stored"],
        "peer_messages_per_s": theirs["rate"],
        "peer_us_per_message": theirs["us"],
    }
    # The peer falls behind where the machine is busy: what it would need for all messages.
    return Row(name, ours["cores"], "cores", theirs["us"] * RATE / 1e6, details, failure)


def _receive(how: str, port: int) -> dict[str, float]:
    done = subprocess.run(_command("receive", how, str(port)), stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.market.stream", *words]


def _line(out: IO[str] | None) -> str:
    return out.readline() if out is not None else ""


# The sender


def frames(symbols: list[str], count: int, kind: str) -> list[bytes]:
    """WebSocket frames of `count` messages: every candle of every symbol in turn. Of the usual traffic a candle is
    closed once in as many messages as its length has at the pace of all."""
    pairs = [(symbol, label, step) for symbol in symbols for label, step in INTERVALS]
    per_minute = 60 * RATE // (len(SYMBOLS) * len(INTERVALS))
    made = []
    for number in range(count):
        symbol, label, step = pairs[number % len(pairs)]
        turn = number // len(pairs)
        length = 1 if kind == "closed" else per_minute * step // INTERVALS[0][1]
        # Symbols close apart from each other here, or a short measurement would see no close or all.
        place = turn + number % len(pairs) * length // len(pairs)
        opened = START_MS + place // length * step
        text = _LINE.format(
            lower=symbol.lower(), symbol=symbol, label=label, time=opened + 2000, open=opened, close=opened + step - 1,
            n=place, tail=place % 1000, closed="true" if place % length == length - 1 else "false",
        ).encode()  # fmt: skip
        made.append(b"\x81\x7e" + len(text).to_bytes(2, "big") + text)
    return made


async def _send(kind: str) -> None:
    """Serve on a free port, printed first, until the process is ended."""
    from websockets.utils import accept_key

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(x.split(": ")[1] for x in request.split("\r\n") if x.lower().startswith("sec-websocket-key"))
        names = parse_qs(urlsplit(request.split(" ")[1]).query)["streams"][0].split("/")
        symbols = [name.split("@")[0].upper() for name in names if "@kline_1m" in name]
        share = RATE * len(symbols) / len(SYMBOLS)
        waiting = frames(symbols, int(share * (WARM_S + MEASURED_S + 3)), kind) if symbols else []
        lines = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept_key(key)}")
        writer.write("\r\n".join(("HTTP/1.1 101 Switching Protocols", *lines, "", "")).encode())
        # All connections are made before the first sends: making messages holds up this process.
        await asyncio.sleep(2.0)
        began, sent = time.monotonic(), 0
        while not writer.is_closing() and not reader.at_eof():
            due = min(int((time.monotonic() - began) * share), len(waiting))
            for frame in waiting[sent:due]:
                if writer.transport.is_closing():
                    break
                writer.write(frame)
            sent = due
            await asyncio.sleep(0.002)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


# The receivers


class _Count:
    """So far: messages that arrived, candles handed over, minutes stored."""

    def __init__(self) -> None:
        self.messages = 0
        self.handed = 0
        self.stored = 0
        self.lost = 0
        self.unreadable = 0


@asynccontextmanager
async def _ours(port: int) -> AsyncIterator[Any]:
    from market.binance import BinanceSource
    from market.checks import Refusals
    from market.clock import ScaledClock
    from market.inbox import Inbox
    from market.store import MarketStore
    from market.subscriptions import Subscriptions

    source = BinanceSource(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
    # A clock past everything that is sent: nothing lies in the future.
    clock = ScaledClock(START_MS + 10**9, 1.0)
    store, refusals = MarketStore(SYMBOLS, 1500), Refusals()
    store.ensure("1m")
    store.ensure("5m")
    inbox = Inbox(store, clock, refusals)
    inbox.boundary = START_MS
    handed = [0]

    def take(candle: Any) -> None:
        handed[0] += 1
        inbox.add(candle)

    async def keep() -> None:
        """Write every minute once the next but one has begun to arrive, as the feed does at its deadline."""
        while True:
            while inbox.count("1m", inbox.boundary + 180_000):
                close = inbox.boundary + 60_000
                for label, step in INTERVALS:
                    if close % step == 0:
                        store.append(label, close - step, inbox.take(label, close))
                inbox.advance(close)
            await asyncio.sleep(0.05)

    followed = Subscriptions(source, clock, take, lambda _: None, lambda: None, per_connection=PER_CONNECTION)
    tasks = [asyncio.create_task(work) for work in (*followed.works(SYMBOLS), keep())]

    def count() -> _Count:
        found = _Count()
        for one in followed.report()["connections"]:
            found.messages += one["messages"]
            found.lost += one["lost"]
            found.unreadable += one["unreadable"]
        found.handed = handed[0]
        found.unreadable += sum(refusals.counts.values())
        found.stored = (inbox.boundary - START_MS) // 60_000
        return found

    yield count
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await source.aclose()


@asynccontextmanager
async def _theirs(port: int) -> AsyncIterator[Any]:
    from binance import AsyncClient, BinanceSocketManager
    from binance.ws import reconnecting_websocket

    # It takes orjson where that happens to be installed; it does not ask for it.
    reconnecting_websocket.orjson = None
    client = AsyncClient()
    manager = BinanceSocketManager(client, max_queue_size=50_000)
    manager.STREAM_URL = f"ws://127.0.0.1:{port}/"
    manager.ws_kwargs = {"proxy": None}
    total = _Count()

    async def read(symbols: tuple[str, ...]) -> None:
        names = [f"{symbol.lower()}@kline_1m" for symbol in symbols]
        async with manager.multiplex_socket(names) as socket:
            while True:
                message = await socket.recv()
                total.messages += 1
                total.handed += message["data"]["k"]["x"]

    parts = [SYMBOLS[i : i + PER_CONNECTION] for i in range(0, len(SYMBOLS), PER_CONNECTION)]
    tasks = [asyncio.create_task(read(part)) for part in parts]

    def count() -> _Count:
        found = _Count()
        found.messages, found.handed = total.messages, total.handed
        return found

    yield count
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.close_connection()


async def _measure(how: str, port: int) -> dict[str, float]:
    async with (_ours if how == "ours" else _theirs)(port) as count:
        deadline = time.monotonic() + 60
        while count().messages < RATE * WARM_S / 2:
            if time.monotonic() > deadline:
                raise TimeoutError("the sender sends nothing")
            await asyncio.sleep(0.05)
        before, began, used = count(), time.monotonic(), _processor_s()
        await asyncio.sleep(MEASURED_S)
        after, ended, used = count(), time.monotonic(), _processor_s() - used
        messages = after.messages - before.messages
        return {
            "cores": used / (ended - began),
            "rate": messages / (ended - began),
            "us": used / max(messages, 1) * 1e6,
            "handed": (after.handed - before.handed) / (ended - began),
            "stored": after.stored,
            "lost": after.lost,
            "unreadable": after.unreadable,
        }


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """A process of the benchmark: `send KIND` or `receive ours|theirs PORT`."""
    core = cores()[-1]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, other_cores(core) if sys.argv[1] == "send" else [core])
    if sys.argv[1] == "send":
        asyncio.run(_send(sys.argv[2]))
    else:
        # python-binance logs the end of every connection as an error.
        logging.disable(logging.ERROR)
        print(json.dumps(asyncio.run(_measure(sys.argv[2], int(sys.argv[3])))), flush=True)


if __name__ == "__main__":
    main()
