"""Command line: `python -m simexchange [--port 9080] [--speed 10] [--clock manual] [--seed 7] [--symbols 200]
[--replay DIR] [--faults FILE]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from simexchange.clock import FASTEST, SLOWEST, VirtualClock
from simexchange.connections import StreamOptions
from simexchange.faults.injector import FaultInjector
from simexchange.faults.script import Fault, ScriptError, read_script
from simexchange.market import Market, SyntheticMarket
from simexchange.schedule import ScheduledMarket, ScheduleError, read_schedule
from simexchange.server import Exchange
from simexchange.trading.account import Account, credential
from simexchange.weights import SPOT_WEIGHT

_ATTEMPTS = 300


class UsageError(Exception):
    """Options that cannot be carried out."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simexchange",
        description="A Binance-shaped exchange for offline use, synthetic or replaying recorded candles.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=9080, help="port; 0 takes a free one (default %(default)s)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="exchange seconds for each real one (default %(default)s)"
    )
    parser.add_argument(
        "--clock",
        choices=("real", "manual"),
        default="real",
        help="manual: exchange time stands still but for POST /sim/clock (default %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=7, help="seed of all that is made up (default %(default)s)")
    parser.add_argument(
        "--symbols", type=int, default=200, help="symbols of the synthetic market (default %(default)s)"
    )
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="DIR",
        help="play DIR/<SYMBOL>/<interval>.parquet instead; what is finer than "
        "the recorded interval is made up so that it adds up to the recorded candles",
    )
    parser.add_argument(
        "--start",
        metavar="TIME",
        help="exchange time at the start, ISO 8601 (default: now; with --replay, after 60 %% of the data)",
    )
    parser.add_argument(
        "--weight-limit",
        type=int,
        metavar="N",
        help="request weight for each real minute, 0 for no limit (default 6000 times the speed)",
    )
    parser.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        help="what goes wrong and when, as .toml or .json; docs/simexchange.md has the format",
    )
    parser.add_argument(
        "--schedule",
        type=Path,
        metavar="FILE",
        help="which symbols are listed, halted and delisted when, as .json; docs/simexchange.md has the format",
    )
    parser.add_argument(
        "--stream-lifetime",
        type=float,
        default=86_400.0,
        metavar="SECONDS",
        help="real seconds after which a stream connection is ended (default a day)",
    )
    parser.add_argument(
        "--stream-attempts",
        type=int,
        metavar="N",
        help="stream connections an address may open in five real minutes, 0 for any number (default 300 times "
        "the speed)",
    )
    parser.add_argument(
        "--quiet-closes",
        action="store_true",
        help="tell candles without trades closed on time, which the real exchange does not promise",
    )
    return parser


def _market(options: argparse.Namespace) -> tuple[Market, int]:
    """The market and the moment to start at, UTC seconds."""
    if options.replay is None:
        try:
            market: Market = SyntheticMarket(options.seed, options.symbols)
        except ValueError as error:
            raise UsageError(str(error)) from error
        usual = int(time.time())
    else:
        # Parquet reading takes memory that the synthetic market does without.
        from simexchange.recorded import RecordingError
        from simexchange.replay import ReplayMarket

        try:
            recorded = ReplayMarket(options.replay, options.seed)
        except RecordingError as error:
            raise UsageError(str(error)) from error
        market, usual = recorded, recorded.usual_start()
    start = usual if options.start is None else _moment(options.start)
    if start <= market.first or (market.last is not None and start >= market.last):
        begins = datetime.fromtimestamp(market.first, UTC).isoformat()
        ends = "" if market.last is None else f" and ends {datetime.fromtimestamp(market.last, UTC).isoformat()}"
        raise UsageError(f"--start {options.start} is outside the market, which begins {begins}{ends}")
    if options.schedule is not None:
        market = ScheduledMarket(market, read_schedule(options.schedule, start))
    return market, start


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--start {text} is not an ISO 8601 time") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _streams(options: argparse.Namespace) -> StreamOptions:
    attempts = options.stream_attempts
    if attempts is None:
        attempts = int(_ATTEMPTS * max(1.0, options.speed))
    return StreamOptions(options.stream_lifetime, attempts, options.quiet_closes)


async def _serve(options: argparse.Namespace, market: Market, start: int, script: tuple[int, list[Fault]]) -> int:
    limit = int(SPOT_WEIGHT * max(1.0, options.speed))
    if options.weight_limit is not None:
        limit = options.weight_limit
    clock = VirtualClock(start * 1000, 0.0 if options.clock == "manual" else options.speed)
    exchange = Exchange(market, clock, limit, Account(options.seed), FaultInjector(clock, *script), _streams(options))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        port = await exchange.start(options.host, options.port)
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"simexchange: cannot listen on {options.host}:{options.port}: {reason}", file=sys.stderr)
        return 2
    address = f"[{options.host}]" if ":" in options.host else options.host
    print(
        json.dumps(
            {
                "rest": f"http://{address}:{port}",
                "streams": f"ws://{address}:{port}",
                "api_key": credential(options.seed, "key"),
                "api_secret": credential(options.seed, "secret"),
                "symbols": len(market.listings),
            }
        ),
        flush=True,
    )
    ends = (asyncio.create_task(stop.wait()), asyncio.create_task(exchange.failed()))
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in ends:
            task.cancel()
        await exchange.stop()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the exchange until interrupted; 0 after that, 2 for options that cannot be carried out."""
    options = _parser().parse_args(arguments)
    try:
        if not SLOWEST <= options.speed <= FASTEST:
            raise UsageError(f"--speed must be {SLOWEST:g} to {FASTEST:g}")
        if not 0 <= options.port <= 65_535:
            raise UsageError("--port must be 0 to 65535")
        if options.weight_limit is not None and options.weight_limit < 0:
            raise UsageError("--weight-limit must not be negative")
        if options.stream_lifetime <= 0 or (options.stream_attempts or 0) < 0:
            raise UsageError("--stream-lifetime must be above 0, --stream-attempts not negative")
        market, start = _market(options)
        seed, faults = (None, []) if options.faults is None else read_script(options.faults, start * 1000)
        script = (options.seed if seed is None else seed, faults)
    except (UsageError, ScriptError, ScheduleError) as error:
        print(f"simexchange: {error}", file=sys.stderr)
        return 2
    return asyncio.run(_serve(options, market, start, script))
