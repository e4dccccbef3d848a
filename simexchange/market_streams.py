"""Spot's market streams: candles, trades, tickers, books.

1. `_opened` sorts a stream's name into its kind (`_KINDS`), once; names that no symbol has are carried, and stay
   silent.
2. `_close` sends the final message of candles that were traded in. One in which nothing was traded is told closed
   late, before the symbol's next trade is (`_late`), as a real client must expect.
3. `_update` sends forming candles that were traded in since they were last sent.
4. `_tickers` sends statistics and books of the moment, and the trades of the seconds that have passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from aiohttp import web

from simexchange import wire
from simexchange.book import MOST_LEVELS, MOST_PASSING, Book, Books
from simexchange.candles import TRADES, Candles
from simexchange.clock import VirtualClock
from simexchange.connections import StreamOptions
from simexchange.faults.injector import FaultInjector
from simexchange.intervals import DAY, MINUTE, SPOT_SECONDS, index_of, offset_of, open_of
from simexchange.live import PER_DAY, LiveMarket
from simexchange.noise import Ints
from simexchange.statistics import Statistics, ticker_event
from simexchange.streams import Hub
from simexchange.tape import Tape, Trade, aggregates

_KINDS: Final = re.compile(
    r"([a-z0-9]+)@(kline_(?P<interval>\w+)|miniTicker|ticker|ticker_(?P<window>1h|4h|1d)|bookTicker|trade|aggTrade"
    r"|avgPrice|depth(?P<levels>5|10|20)?(?:@100ms|@1000ms)?)"
)
#: python-binance names the pace of the tickers as well: `!miniTicker@arr@1000ms`.
_EVERYONE: Final = re.compile(r"!(?:(miniTicker|ticker)@arr(?:@[13]000ms)?|ticker_(1h|4h|1d)@arr|(bookTicker))")
_WINDOWS: Final = {"1h": 3_600, "4h": 14_400, "1d": DAY}
#: Real-time streams follow a fast market this many seconds back, no further.
_MOST_SECONDS: Final = 300


class SpotHub(Hub):
    """Streams of spot to their connections."""

    def __init__(
        self,
        market: LiveMarket,
        clock: VirtualClock,
        faults: FaultInjector,
        options: StreamOptions | None = None,
        venue: str = "spot",
    ) -> None:
        super().__init__(market, clock, faults, venue, options)
        self._rows = {listing.symbol.lower(): row for row, listing in enumerate(market.listings)}
        self._books = Books(market)
        self._tape = Tape(market)
        self._statistics = Statistics(market, self._books, self._tape)
        #: Streams by kind: name to row and argument (interval, window, levels).
        self._wanted: dict[str, dict[str, tuple[int, str]]] = {}
        self._candles: dict[str, dict[int, str]] = {}
        self._traded: dict[str, tuple[int, Ints]] = {}
        self._late: dict[str, dict[int, int]] = {}
        self._ticked: dict[str, Ints] = {}
        self._sent: dict[str, dict[int, tuple[int, ...]]] = {}
        self._shown: dict[int, tuple[int, Book]] = {}
        self._told = 0

    def install(self, application: web.Application) -> None:
        """Add the stream routes."""
        application.router.add_get("/stream", self.serve)
        application.router.add_get("/ws", self.serve)
        application.router.add_get("/ws/{streams:.+}", self.serve)

    def _opened(self, stream: str) -> None:
        if match := _EVERYONE.fullmatch(stream):
            kind = f"!{match[1] or match[3] or 'window'}"
            self._wanted.setdefault(kind, {})[stream] = (-1, match[2] or "")
        elif (match := _KINDS.fullmatch(stream)) and match[1] in self._rows:
            row, interval = self._rows[match[1]], match["interval"]
            if interval is not None:
                if interval in SPOT_SECONDS:
                    self._candles.setdefault(interval, {})[row] = stream
                return
            kind = "window" if match["window"] else match[2].partition("@")[0]
            self._wanted.setdefault(kind, {})[stream] = (row, match["window"] or match["levels"] or "")
            if kind == "depth" and row not in self._shown:
                # Changes are told from this moment on: a snapshot asked for right after must find nothing missing.
                now = self._clock.now_ms() // 1000
                self._shown[row] = (now, self._books.depth(row, now, MOST_LEVELS))

    def _abandoned(self, stream: str) -> None:
        for kind, streams in self._wanted.items():
            row, _ = streams.pop(stream, (-1, ""))
            if kind == "depth" and row not in {row for row, _ in streams.values()}:
                self._shown.pop(row, None)
        for interval, rows in self._candles.items():
            for row in [row for row, name in rows.items() if name == stream]:
                del rows[row]
                self._late.get(interval, {}).pop(row, None)
        self._sent.pop(stream, None)

    # Candles

    def _close(self, end: int) -> None:
        silent = self._market.silent(end - 1)
        for interval, streams in self._candles.items():
            length = SPOT_SECONDS[interval]
            if not streams or length < MINUTE or (end - offset_of(length)) % length:
                continue
            candles, begin = self._market.closed(length, end), end - length
            trades = candles.fields[TRADES, :, 0].tolist()
            late = self._late.setdefault(interval, {})
            quiet = [] if self._options.quiet_closes else [row for row in streams if not trades[row]]
            ready = [row for row in streams if row not in silent and (trades[row] or self._options.quiet_closes)]
            self._send_late(interval, [row for row in ready if row in late])
            self._send_candles(interval, ready, candles, begin, end * 1000, closed=True)
            late.update((row, begin) for row in quiet if row not in silent)

    def _send_late(self, interval: str, rows: Iterable[int]) -> None:
        """Tell closed what nothing was traded in, now that something is; of several candles the newest."""
        late, length = self._late.get(interval, {}), SPOT_SECONDS[interval]
        waiting: dict[int, list[int]] = {}
        for row in rows:
            waiting.setdefault(late.pop(row), []).append(row)
        for begin, group in waiting.items():
            candles = self._market.closed(length, begin + length)
            self._send_candles(interval, group, candles, begin, self._clock.now_ms(), closed=True)

    def _update(self, now: int) -> None:
        silent = self._market.silent(now)
        for interval, streams in self._candles.items():
            length = SPOT_SECONDS[interval]
            if not streams or length < MINUTE or (forming := self._market.forming(length, now)) is None:
                continue
            begin = open_of(index_of(now, length), length)
            trades = forming.fields[TRADES, :, 0]
            opened, sent = self._traded.get(interval, (begin, trades))
            before = sent if opened == begin and interval in self._traded else np.zeros_like(trades)
            self._traded[interval] = (begin, trades)
            moved = (trades > before).tolist()
            rows = [row for row in streams if moved[row] and row not in silent]
            late = self._late.get(interval, {})
            self._send_late(interval, [row for row in rows if row in late])
            self._send_candles(interval, rows, forming, begin, now * 1000, closed=False)

    def _send_candles(
        self, interval: str, rows: list[int], candles: Candles, begin: int, event_ms: int, *, closed: bool
    ) -> None:
        if not rows:
            return
        chosen = np.array(rows, dtype=np.int64)
        listings = [self._market.listings[row] for row in rows]
        last = self._market.last_numbers(event_ms // 1000)[chosen]
        events = wire.kline_events(candles.take(chosen), listings, interval, begin, closed, event_ms, last)
        streams = self._candles[interval]
        for row, listing, event in zip(rows, listings, events, strict=True):
            if event is not None:
                self._send(streams[row], event, listing.symbol, "kline", closed)

    # What is sent every second

    def _tickers(self, now: int) -> None:
        begin, self._told = self._told or now, now
        silent = self._market.silent(now)
        begin = max(begin, now - _MOST_SECONDS)
        if begin < now:
            self._send_trades(begin, now)
            if "1s" in self._candles:
                self._send_seconds(begin, now, silent)
        self._send_minis(now, silent)
        self._send_statistics(now, silent)
        self._send_books(now, silent)

    def _send_trades(self, begin: int, now: int) -> None:
        names = {**self._wanted.get("trade", {}), **self._wanted.get("aggTrade", {})}
        if not names:
            return
        rows = sorted({row for row, _ in names.values()})
        counted = self._market.last_numbers(begin) + 1 - begin // DAY * PER_DAY if begin % DAY else None
        for at in range(begin, now):
            fields = self._market.second(at).fields[:, :, 0]
            if counted is None or at % DAY == 0:
                counted = np.zeros(fields.shape[1], dtype=np.int64)
            for row in rows:
                if fields[TRADES, row]:
                    self._tell_trades(row, self._tape.second(row, at, fields[:, row].tolist(), int(counted[row])))
            counted = counted + fields[TRADES]

    def _tell_trades(self, row: int, made: list[Trade]) -> None:
        listing, event_ms = self._market.listings[row], self._clock.now_ms()
        symbol = listing.symbol.lower()
        if f"{symbol}@trade" in self._readers:
            for one in made:
                self._say(f"{symbol}@trade", wire.trade_event(one, listing, event_ms), row)
        if f"{symbol}@aggTrade" in self._readers:
            for merged in aggregates(made):
                event = {"e": "aggTrade", "E": event_ms, "s": listing.symbol, **wire.aggregate(merged, listing)}
                self._say(f"{symbol}@aggTrade", event, row)

    def _send_seconds(self, begin: int, now: int, silent: frozenset[int]) -> None:
        for at in range(begin, now):
            candles = self._market.second(at)
            traded = candles.fields[TRADES, :, 0].tolist()
            rows = [row for row in self._candles["1s"] if traded[row] and row not in silent]
            self._send_candles("1s", rows, candles, at, (at + 1) * 1000, closed=True)

    def _send_minis(self, now: int, silent: frozenset[int]) -> None:
        singles, everyone = self._wanted.get("miniTicker", {}), self._wanted.get("!miniTicker", {})
        if not singles and not everyone:
            return
        changed = self._changed("miniTicker", now)
        events = wire.mini_tickers(self._market.day(now), self._market.listings, now * 1000)
        for name, (row, _) in singles.items():
            event = events[row]
            if event is not None and row not in silent:
                self._send(name, event, self._market.listings[row].symbol)
        for name in everyone:
            fresh = [event for event, new in zip(events, changed, strict=True) if new and event is not None]
            if fresh:
                self._send(name, "[" + ",".join(fresh) + "]")

    def _send_statistics(self, now: int, silent: frozenset[int]) -> None:
        event_ms = now * 1000
        singles = {name: row for name, (row, _) in self._wanted.get("ticker", {}).items() if row not in silent}
        if singles:
            made = self._statistics.day(list(singles.values()), now, event_ms)
            for (name, row), one in zip(singles.items(), made, strict=True):
                self._say(name, ticker_event("24hrTicker", event_ms, one), row)
        for name in self._wanted.get("!ticker", {}):
            rows = np.flatnonzero(self._changed("ticker", now)).tolist()
            made = self._statistics.day(rows, now, event_ms)
            self._say_all(name, [ticker_event("24hrTicker", event_ms, one) for one in made], "ticker")
        for window in _WINDOWS:
            wanted = self._wanted.get("window", {}).items()
            chosen = {name: row for name, (row, size) in wanted if size == window and row not in silent}
            if chosen:
                made = self._window(list(chosen.values()), window, now)
                for (name, row), one in zip(chosen.items(), made, strict=True):
                    self._say(name, one, row)
        for name, (_, window) in self._wanted.get("!window", {}).items():
            changed = self._changed(f"window/{window}", now)
            made = self._window(list(range(len(changed))), window, now)
            self._say_all(name, [one for one, new in zip(made, changed, strict=True) if new], "ticker")
        averaged = {name: row for name, (row, _) in self._wanted.get("avgPrice", {}).items() if row not in silent}
        if averaged:
            found = self._statistics.averages(list(averaged.values()), now)
            for (name, row), average in zip(averaged.items(), found, strict=True):
                symbol = self._market.listings[row].symbol
                event = {"e": "avgPrice", "E": event_ms, "s": symbol, "i": "5m", "w": average["price"]}
                self._say(name, event | {"T": average["closeTime"]}, row)

    def _window(self, rows: list[int], window: str, now: int) -> list[dict[str, Any]]:
        begin = max(now // MINUTE * MINUTE - _WINDOWS[window], self._market.first)
        made = self._statistics.window(rows, begin, now, now * 1000)
        return [ticker_event(f"{window}Ticker", now * 1000, one) for one in made]

    def _send_books(self, now: int, silent: frozenset[int]) -> None:
        tickers = self._wanted.get("bookTicker", {})
        everyone = self._wanted.get("!bookTicker", {})
        if tickers or everyone:
            tops = self._books.tops(now)
            columns = (tops.bid, tops.bid_lots, tops.ask, tops.ask_lots)
            best = list(zip(*(column.tolist() for column in columns), strict=True))
            wanted = [(name, row) for name, (row, _) in tickers.items()]
            wanted += [(name, row) for name in everyone for row in range(len(best))]
            for name, row in wanted:
                sent = self._sent.setdefault(name, {})
                if best[row][0] and sent.get(row) != best[row]:
                    sent[row] = best[row]
                    self._say(name, wire.book_event(best[row], self._market.listings[row], now), row)
        for kind, depths in self._wanted.items():
            if kind.startswith("depth") and depths:
                self._send_depths(depths, now, silent)

    def _send_depths(self, depths: dict[str, tuple[int, str]], now: int, silent: frozenset[int]) -> None:
        partial = {name: (row, int(levels)) for name, (row, levels) in depths.items() if levels}
        for name, (row, levels) in partial.items():
            if row not in silent:
                book = self._books.depth(row, now, levels)
                self._send(
                    name, wire.depth(book, self._market.listings[row], now), self._market.listings[row].symbol, "depth"
                )
        for row in {row for row, levels in depths.values() if not levels}:
            book = self._books.depth(row, now, MOST_LEVELS)
            known, self._shown[row] = self._shown.get(row), (now, book)
            if known is None or known[0] >= now:
                continue
            listing = self._market.listings[row]
            between = range(max(known[0] + 1, now - MOST_PASSING), now)
            passing = [self._books.depth(row, second, MOST_LEVELS) for second in between]
            event = wire.depth_update(known, (now, book), listing, passing)
            for name, (of, some) in depths.items():
                if of == row and not some:
                    self._say(name, event, row)

    def _changed(self, key: str, now: int) -> list[bool]:
        """Which symbols have traded since the last look of this kind."""
        newest = self._market.last_numbers(now)
        before = self._ticked.get(key)
        self._ticked[key] = newest
        present = self._market.day(now).present[:, 0]
        fresh = present if before is None else present & (newest > before)
        return [bool(one) for one in fresh]

    def _say(self, stream: str, event: dict[str, Any], row: int) -> None:
        kind = str(event.get("e", "bookTicker"))
        self._send(stream, wire.compact(event), self._market.listings[row].symbol, kind)

    def _say_all(self, stream: str, events: list[dict[str, Any]], kind: str) -> None:
        if events:
            self._send(stream, wire.compact(events), "", kind)
