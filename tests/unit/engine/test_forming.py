"""Looking at candles under way: what `Engines.peek` finds is what a replay finds that has them as its newest ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from app.engines import Engines, Loaded, Match, Screened
from app.forming import forming_candles
from app.market import HeldMarket
from screener import compile_filter
from screener.engine.replay import Candles, History, replay
from screener.intervals import interval_ms, is_close, open_of
from tests.fixtures.fake_market import MINUTE, START, SYMBOLS, FakeMarket

TEXTS = {
    "5m": "match = close > ta.sma(close, 5) and volume > 0.4 * ta.sma(volume, 5)\nscore = volume\nstop = low",
    "15m": 'up = close > open\nmatch = up and rank(close / open) <= 4 and tf("30m").close > 0',
}


def loaded(text: str, base: str, market: FakeMarket, **changes: Any) -> Loaded:
    program = compile_filter(text, base, SYMBOLS)
    asyncio.run(market.require(program, forming=True))
    given: dict[str, Any] = {"trigger": "edge", "symbols": frozenset(), "watermark": None, "evaluate": "minute"}
    values = given | changes
    return Loaded(str(values.pop("name", base)), 1, program, **values)


def direct(market: FakeMarket, strategy: Loaded, now: int) -> History:
    """A replay over candles folded by the market itself, the one under way as if it had closed."""
    series = {}
    for interval in strategy.program.intervals:
        step = interval_ms(interval)
        base = strategy.program.base
        end = open_of(now, base)
        opens = list(range(START, end - step + 1, step)) + ([end] if interval == base else [])
        rows = [market.folded(interval, o, now) for o in opens]
        if interval != base and is_close(end + interval_ms(base), interval):
            # A higher candle that will close with the one under way has not done so: the one before goes on.
            opens, rows = [*opens, opens[-1] + step], [*rows, rows[-1]]
        series[interval] = (np.array(opens, dtype=np.int64), {k: np.array([r[k] for r in rows]) for k in rows[0]})
    return replay(strategy.program, Candles(SYMBOLS, series), strategy.program.base)


def stepped(
    market: FakeMarket, strategies: Sequence[Loaded], minutes: int
) -> tuple[Engines, dict[int, list[Screened]]]:
    """Engines after so many minutes, and what each minute's look gave."""
    engines = Engines(market.panel)
    engines.add(strategies)
    looks = {}
    for _ in range(minutes):
        close = market.advance().close_time
        if engines.due(close):
            engines.step(close, SYMBOLS)
        looks[close] = engines.peek(close)
    return engines, looks


def values(match: Match) -> list[tuple[object, ...]]:
    return [(c.left, c.right, c.value) for c in match.conditions]


@pytest.mark.parametrize("trigger", ["edge", "level"])
@pytest.mark.parametrize("base", list(TEXTS))
def test_a_look_equals_a_replay_over_the_candle_under_way(base: str, trigger: str) -> None:
    market = FakeMarket()
    strategy = loaded(TEXTS[base], base, market, trigger=trigger)
    _, looks = stepped(market, [strategy], 60)
    seen = 0
    for now, results in looks.items():
        if is_close(now, base):
            assert results == [], "a candle that closes is stepped, not looked at"
            continue
        (result,) = results
        history = direct(market, strategy, now)
        assert result.close_time == open_of(now, base) + interval_ms(base) == history.times[-1]
        hits = history.match[-1] == 1
        if trigger == "edge":
            hits = hits & (history.match[-2] == 0)
        columns = {SYMBOLS[c]: int(c) for c in np.flatnonzero(hits)}
        assert {m.symbol for m in result.matches} == set(columns)
        for match in result.matches:
            row = len(history.times) - 1
            (wanted,) = history.conditions([(row, columns[match.symbol])])
            assert match.price == market.fields["close"][market_row(now), columns[match.symbol]]
            assert [pytest.approx(v, nan_ok=True) for v in values(match)] == [
                (w.left, w.right, w.value) for w in wanted
            ]
            if base == "5m":
                candle = market.folded(base, open_of(now, base), now)
                assert match.score == pytest.approx(candle["volume"][columns[match.symbol]])
                assert match.levels["stop"] == candle["low"][columns[match.symbol]]
            seen += 1
    assert seen > 10


def market_row(now: int) -> int:
    return (now - START) // MINUTE - 1


def test_looks_change_nothing_that_is_screened() -> None:
    found = []
    for evaluate in ("minute", "close"):
        market = FakeMarket()
        engines = Engines(market.panel)
        engines.add([loaded(text, base, market, evaluate=evaluate) for base, text in TEXTS.items()])
        screened = []
        for _ in range(60):
            close = market.advance().close_time
            results = engines.step(close, SYMBOLS) if engines.due(close) else []
            screened += [(r.close_time, m.symbol, m.price, m.conditions) for r in results for m in r.matches]
            assert bool(engines.peek(close)) == (evaluate == "minute" and not is_close(close, "15m"))
        found.append(screened)
    assert found[0] == found[1]
    assert len(found[0]) > 10


def test_only_symbols_with_every_minute_since_the_open_take_part() -> None:
    market = FakeMarket()
    strategy = loaded("match = close > 0", "5m", market, trigger="level")
    engines = Engines(market.panel)
    engines.add([strategy])
    start = market.newest_close
    assert is_close(start, "5m")
    for _ in range(3):
        market.advance()
    now = market.newest_close
    for symbol, row in (("ETHUSDT", 0), ("ADAUSDT", 2)):
        opens = np.array([start + row * MINUTE], dtype=np.int64)
        nothing = {name: np.array([np.nan]) for name in market.fields}
        market.panel.put("1m", SYMBOLS.index(symbol), opens, nothing)
    candle = forming_candles(market.panel, "5m", now)
    lacking = [SYMBOLS.index("ETHUSDT"), SYMBOLS.index("ADAUSDT")]
    for name, whole in market.folded("5m", start, now).items():
        wanted = whole.copy()
        wanted[lacking] = np.nan
        np.testing.assert_allclose(candle[name], wanted, rtol=1e-15, err_msg=name)
    (result,) = engines.peek(now)
    assert {m.symbol for m in result.matches} == set(SYMBOLS) - {"ETHUSDT", "ADAUSDT"}


def test_a_close_that_was_not_stepped_and_minutes_not_held_give_no_look() -> None:
    market = FakeMarket()
    engines = Engines(market.panel)
    engines.add([loaded("match = close > 0", "5m", market, trigger="level")])
    for _ in range(6):
        now = market.advance().close_time
    assert engines.peek(now) == []
    engines.step(now - MINUTE, SYMBOLS)
    assert [len(r.matches) for r in engines.peek(now)] == [len(SYMBOLS)]
    for name in SYMBOLS:
        market.panel.clear(name)
    assert engines.peek(now) == []


def test_a_strategy_that_cannot_be_read_is_reported_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    market = FakeMarket()
    engines = Engines(market.panel)
    both = [loaded("match = close > 0", "5m", market, trigger="level", name=name) for name in ("bad", "good")]
    engines.add(both)
    market.advance()
    whole = engines._match

    def match(strategy: Loaded, symbol: str, price: float) -> Match:
        if strategy.strategy_id == "bad":
            raise ValueError("no values")
        return whole(strategy, symbol, price)

    monkeypatch.setattr(engines, "_match", match)
    (result,) = engines.peek(market.newest_close)
    assert result.failures == {"bad:1": "ValueError: no values"}
    assert {m.strategy_id for m in result.matches} == {"good"}


@pytest.mark.parametrize(("base", "forming", "minutes"), [("1d", True, 1440), ("1d", False, None), ("15m", True, 600)])
def test_the_minutes_of_the_candle_under_way_are_asked_for(base: str, forming: bool, minutes: int | None) -> None:
    asked: dict[str, int] = {}

    class Feed:
        async def require(self, interval: str, candles: int, _: object) -> None:
            asked[interval] = candles

    held = HeldMarket.__new__(HeldMarket)
    held.feed = Feed()  # type: ignore[assignment] # all of a feed that is asked here
    held.filling = {}
    asyncio.run(held.require(compile_filter("match = close > 0", base, SYMBOLS), forming=forming))
    assert asked.get("1m") == minutes
    assert base in asked
