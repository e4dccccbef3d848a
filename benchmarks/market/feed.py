"""The feed: from a minute's last close message to the panel ready, and the memory that the panel takes.

1. `market.feed.ready`: a sender, a process of its own, streams 600 symbols over loopback, 5,000 messages a second.
   A minute of this market takes 0.4 s; at its end the closed candles of 1m, and of 5m with every fifth, come within
   0.1 s. It notes when it sent the last one. The feed reads them through `BinanceSource`, folds 5m 15m 1h 4h 1d, and
   yields the minute. The midnight at which all intervals close is among them. The peer appends a row to a DataFrame of
   each symbol and folds nothing.
2. `market.feed.memory`: growth of a process that holds 600 symbols, 6 intervals and 1,500 candles; the peer holds them
   as a DataFrame for each symbol and interval.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qs, urlsplit

import numpy as np

from benchmarks.machine import cores, one_core, other_cores
from benchmarks.rows import Row
from market.source import FIELDS

SYMBOLS: Final = tuple(f"S{n:03d}USDT" for n in range(600))
INTERVALS: Final = ("5m", "15m", "1h", "4h", "1d")
CANDLES: Final = 1500
MINUTE_MS: Final = 60_000
MINUTES: Final = 200
REAL_MINUTE_S: Final = 0.4
SPREAD_S: Final = 0.1
RATE: Final = 5000
MIDNIGHT_MS: Final = 1_700_006_400_000
START_MS: Final = MIDNIGHT_MS - 100 * MINUTE_MS
LIMIT_MS: Final = 50.0
LIMIT_MIB: Final = 450.0
PEER_MINUTES: Final = 3
_LINE: Final = (
    '{{"stream":"{lower}@kline_{label}","data":{{"e":"kline","E":{time},"s":"{symbol}","k":{{"t":{open},"T":{close},'
    '"s":"{symbol}","i":"{label}","f":1,"L":9,"o":"0.00101200","c":"0.00102{tail:03d}","h":"0.00103000",'
    '"l":"0.00100000","v":"15874.40000000","n":9,"x":{closed},"q":"16.10418320","V":"8012.10000000",'
    '"Q":"8.12841730","B":"0"}}}}}}'
)


def run(wanted: str = "market.feed") -> Iterator[Row]:
    """The rows that `wanted` names or begins the name of."""
    if "market.feed.ready.".startswith(f"{wanted}."):
        with one_core():
            yield _ready()
    if "market.feed.memory.".startswith(f"{wanted}."):
        yield _memory()


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.market.feed", *words]


# From the last message to the panel


def _ready() -> Row:
    with subprocess.Popen(_command("send"), stdout=subprocess.PIPE, text=True) as sender:
        try:
            port = json.loads(_line(sender.stdout))["port"]
            done, coverage = asyncio.run(_follow(port))
            sent = json.loads(_line(sender.stdout))["sent"]
        finally:
            sender.terminate()
    waits = [(done[n] - sent[n]) * 1e3 for n in range(MINUTES) if n in done]
    ordered = sorted(waits)
    worst = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else float("nan")
    midnight = (MIDNIGHT_MS - START_MS) // MINUTE_MS - 1
    failure = None
    if len(waits) < MINUTES or min(coverage) < len(SYMBOLS):
        failure = f"{len(waits)} of {MINUTES} minutes came, the poorest with {min(coverage, default=0)} symbols"
    elif not worst <= LIMIT_MS:
        failure = f"more than {LIMIT_MS:.0f} ms"
    details = {
        "limit": LIMIT_MS,
        "median": statistics.median(waits) if waits else None,
        "longest": ordered[-1] if ordered else None,
        "midnight": (done[midnight] - sent[midnight]) * 1e3 if midnight in done else None,
        "minutes": len(waits),
    }
    return Row("market.feed.ready", worst, "ms", _frames_ms(), details, failure)


async def _follow(port: int) -> tuple[dict[int, float], list[int]]:
    """When each minute was ready (real seconds, monotonic), and how many symbols each had."""
    from market.binance import BinanceSource
    from market.clock import ScaledClock
    from market.feed import Feed
    from market.source import CandleBlock
    from screener.intervals import interval_ms, open_of

    speed = MINUTE_MS / 1000 / REAL_MINUTE_S

    class Clock(ScaledClock):
        """The market stands still until the sender begins, and then goes by itself."""

        going = False

        def anchor(self, market_ms: int) -> None:
            return None

        def begin(self) -> None:
            super().anchor(START_MS)
            self.going = True

        def now_ms(self) -> int:
            # The feed leaves the newest second of real time out.
            return super().now_ms() if self.going else START_MS + int(1000 * speed)

    clock = Clock(START_MS, speed)

    class Source(BinanceSource):
        """Streams are real; history is made up."""

        async def server_time_ms(self) -> int:
            return clock.now_ms()

        async def candle_block(
            self,
            symbol: str,
            interval: str,
            limit: int = 1000,
            start_ms: int | None = None,
            end_ms: int | None = None,
        ) -> CandleBlock:
            step = interval_ms(interval)
            last = open_of(START_MS, interval) - step
            opens = last - step * np.arange(limit - 1, -1, -1, dtype=np.int64)
            return CandleBlock(symbol, interval, opens, _candles(limit))

    address = f"127.0.0.1:{port}"
    source = Source(f"http://{address}", f"ws://{address}")
    feed = Feed(source, clock, SYMBOLS, INTERVALS, CANDLES, backfill=CANDLES, audit_hours=0)
    await feed.start()
    # As the worker does.
    gc.collect()
    gc.freeze()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /go HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readline()
    clock.begin()
    done: dict[int, float] = {}
    fresh: list[int] = []
    async for coverage in feed.closes():
        number = (coverage.close_time - START_MS) // MINUTE_MS - 1
        done[number] = time.monotonic()
        fresh.append(len(coverage.fresh))
        if number >= MINUTES - 1:
            break
    await feed.aclose()
    await source.aclose()
    writer.close()
    return done, fresh


def _candles(count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Made-up candles [count, 9]."""
    close = 100.0 + np.arange(count) % 17
    rows = [close - 1, close + 2, close - 3, close, close, close * 100, close, close / 2, close * 50]
    return np.column_stack(rows)


def _frames_ms() -> float:
    """What appending a row to a DataFrame of each symbol takes, milliseconds a minute."""
    import pandas as pd

    frames = {name: pd.DataFrame(_candles(CANDLES), columns=list(FIELDS)) for name in SYMBOLS}
    took = []
    for number in range(PEER_MINUTES):
        began = time.perf_counter()
        for name in SYMBOLS:
            row = pd.DataFrame([[1.0] * len(FIELDS)], columns=list(FIELDS), index=[CANDLES + number])
            frames[name] = pd.concat([frames[name].iloc[1:], row])
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e3


# The sender


def _frame(symbol: str, label: str, step: int, opened: int, now: int, *, closed: bool) -> bytes:
    text = _LINE.format(
        lower=symbol.lower(), symbol=symbol, label=label, time=now, open=opened, close=opened + step - 1,
        tail=opened // step % 1000, closed="true" if closed else "false",
    ).encode()  # fmt: skip
    return b"\x81\x7e" + len(text).to_bytes(2, "big") + text


async def _send() -> None:
    """Serve on a free port, printed first; after `GET /go` stream the minutes, then print when each was all sent."""
    from websockets.utils import accept_key

    writers: dict[str, asyncio.StreamWriter] = {}
    sent: list[float] = []

    async def stream() -> None:
        began = time.monotonic()
        for number in range(MINUTES):
            opened = START_MS + number * MINUTE_MS
            close = opened + MINUTE_MS
            final = [_frame(name, "1m", MINUTE_MS, opened, close, closed=True) for name in SYMBOLS]
            pairs = list(zip(SYMBOLS, final, strict=True))
            if close % (5 * MINUTE_MS) == 0:
                fives = [_frame(n, "5m", 5 * MINUTE_MS, close - 5 * MINUTE_MS, close, closed=True) for n in SYMBOLS]
                pairs = [*zip(SYMBOLS, fives, strict=True), *pairs]
            forming = [(name, _frame(name, "1m", MINUTE_MS, opened, opened + 2000, closed=False)) for name in SYMBOLS]
            count = int(RATE * (REAL_MINUTE_S - SPREAD_S))
            start = began + number * REAL_MINUTE_S
            # The closes of the minute before take the first tenth of a second.
            waiting = (forming * (count // len(forming) + 1))[:count]
            await _paced(writers, waiting, start + SPREAD_S, REAL_MINUTE_S - SPREAD_S)
            # These minutes close when the feed's clock says so: no earlier.
            await _paced(writers, pairs, start + REAL_MINUTE_S, SPREAD_S)
            sent.append(time.monotonic())
        print(json.dumps({"sent": sent}), flush=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        if request.startswith("GET /go"):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await stream()
            return
        key = next(x.split(": ")[1] for x in request.split("\r\n") if x.lower().startswith("sec-websocket-key"))
        names = parse_qs(urlsplit(request.split(" ")[1]).query)["streams"][0].split("/")
        lines = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept_key(key)}")
        writer.write("\r\n".join(("HTTP/1.1 101 Switching Protocols", *lines, "", "")).encode())
        writers.update({name.split("@")[0].upper(): writer for name in names if "@kline_1m" in name})
        await _answer_pings(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


async def _answer_pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.read(1):
        length = (await reader.readexactly(1))[0] & 0x7F
        mask = await reader.readexactly(4)
        payload = await reader.readexactly(length)
        if head[0] & 0x0F == 0x9:
            writer.write(bytes([0x8A, length]) + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))


async def _paced(
    writers: dict[str, asyncio.StreamWriter], frames: list[tuple[str, bytes]], start: float, seconds: float
) -> None:
    """Send frames evenly from `start` (monotonic) on, within so many seconds."""
    await asyncio.sleep(max(start - time.monotonic(), 0))
    done = 0
    while done < len(frames):
        due = min(len(frames), int((time.monotonic() - start) / seconds * len(frames)) + 1)
        for name, frame in frames[done:due]:
            writers[name].write(frame)
        done = due
        await asyncio.sleep(0.002)


# Memory


def _memory() -> Row:
    ours, theirs = _held("panel"), _held("frames")
    failure = f"more than {LIMIT_MIB:.0f} MiB" if ours["growth"] > LIMIT_MIB else None
    details = {"limit": LIMIT_MIB, "peak": ours["peak"], "peer_peak": theirs["peak"]}
    return Row("market.feed.memory", ours["growth"], "MiB", theirs["growth"], details, failure)


def _held(how: str) -> dict[str, float]:
    done = subprocess.run(_command("hold", how), stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _hold(how: str) -> dict[str, float]:
    """Hold the candles, and tell by how many MiB the process grew."""
    import pandas as pd

    from market.source import CandleBlock
    from market.store import MarketStore
    from screener.intervals import interval_ms, open_of

    before = _mib("VmRSS")
    kept: list[Any] = []
    if how == "panel":
        store = MarketStore(SYMBOLS, CANDLES)
        kept.append(store)
        for interval in ("1m", *INTERVALS):
            store.ensure(interval)
            step = interval_ms(interval)
            opens = open_of(START_MS, interval) - step * np.arange(CANDLES, 0, -1, dtype=np.int64)
            for name in SYMBOLS:
                store.put(CandleBlock(name, interval, opens, _candles(CANDLES)))
    else:
        for interval in ("1m", *INTERVALS):
            step = interval_ms(interval)
            opens = START_MS - step * np.arange(CANDLES, 0, -1, dtype=np.int64)
            for _ in SYMBOLS:
                # The fields that the panel holds.
                kept.append(pd.DataFrame(_candles(CANDLES)[:, :8], columns=list(FIELDS[:8]), index=opens))
    return {"growth": _mib("VmRSS") - before, "peak": _mib("VmHWM") - before, "held": len(kept)}


def _mib(name: str) -> float:
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return float(rows[name].split()[0]) / 1024


def _line(out: IO[str] | None) -> str:
    return out.readline() if out is not None else ""


def main() -> None:
    """A process of the benchmark: `send`, or `hold panel|frames`."""
    if sys.argv[1] == "send":
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, other_cores(cores()[-1]))
        asyncio.run(_send())
    else:
        print(json.dumps(_hold(sys.argv[2])), flush=True)


if __name__ == "__main__":
    main()
