"""Good answers to which a sentence with an invented whole number is added, and honest sentences that only count."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from analysis.snapshot import Snapshot

MARKETS = ((145.0, "0.01"), (18.2, "0.001"), (3000.0, "0.01"), (77000.0, "0.1"), (612.0, "0.1"), (52.0, "0.01"))
"""Price and tick size of symbols whose prices are whole numbers at times."""

PRICES = (
    "It bounced at {n}.",
    "It holds above the {n} level.",
    "It bounced off the {n} level twice.",
    "The recent high {n} is broken.",
    "It closed above the previous low {n}.",
    "The last swing low {n} holds.",
    "Support at {n} tests well.",
    "The market trades past {n}.",
    "The {n} target of last week was reached.",
    "Buyers defended {n} again.",
    "The {n} area is heavy.",
    "Resistance near {n} points down.",
    "It rose from {n} in a week.",
    "${n} is the line in the sand.",
    "The past {n} was support.",
    "The first {n} test failed.",
    "The score of the day is {n} and rising.",
    "Sellers sit at {n} days in a row.",
    "It turned at {n} candles ago.",
    "Strong demand stands around {n} bars deep.",
    "The zone {n}-{n} was bought.",
    "The low {n}s held.",
    "support({n}) was kept.",
    "A move through {n}, the highest of the month.",
    "RSI is fine and the market holds above {n}.",
    "Volume was high; {n} was bought.",
    "It reclaimed {n} swings later.",
    "The price broke {n} levels down.",
    "The pivot stands at {n} USDT.",
    "Stop below {n}, which held.",
    "A daily close over {n} confirmed it.",
    "The {n} handle gave way.",
    "Bids wait at {n} points.",
    "The 200 EMA at {n} rises.",
    "VWAP {n} was reclaimed.",
    "EMA 50 above {n} is support.",
    "The round {n} was kept three times.",
    "\u200b{n}\u200b was kept.",
)
PERCENTS = (
    "Price is up {p}% in a day.",
    "It fell {p} percent this week.",
    "The coin gained {p}% since the low.",
    "The range is {p}% wide.",
)
INDICATORS = (
    "RSI at {v}.",
    "RSI is {v}, which is strong.",
    "RSI is over {above}.",
    "RSI stands below {below} for days.",
    "The RSI (14) of {v} says so.",
    "RSI climbed from {v}.",
)
HONEST = (
    "RSI has room to 70.",
    "RSI is far from 80.",
    "EMA20/50/200 are stacked.",
    "The EMA 20/50 cross is behind.",
    "Bollinger Bands (20, 2) widen.",
    "Bollinger(20, 2.5) widen, and MACD (12, 26, 9) turns.",
    "The trend held over the last 20 candles on 15m.",
    "Nothing came back within 18 hours, and 5 candles are green.",
    "It is 12 candles old, 3 days at most.",
    "Score 63 of 100.",
    "A confidence of 55 is fair.",
    "2 of 3 conditions hold.",
    "The 24-hour range is quiet, 60 minutes to go.",
    "EMA20 is over EMA50, and ta.ema(close, 50) rises.",
    "The 50 EMA rises.",
    "R1 and S2 are unbroken since 2026-01-05 12:00.",
    "It pays 1:2 or better.",
    "The wait is over after 15 minutes or 1h.",
    "Risk 1% of the account.",
    "It is the 3rd try in 7 days.",
    "Over 20 consecutive candles the range shrank.",
)


def invented(snapshot: Snapshot, rng: random.Random, count: int = 2) -> list[int]:
    """Whole numbers as large as the price that are no price of the snapshot."""
    prices = list(snapshot.prices().values())
    low, high = round(0.88 * snapshot.price), round(1.12 * snapshot.price)
    apart = 0.0 if snapshot.price < 1000 else 2.0
    free = [n for n in range(low, high + 1) if all(abs(n - p) > apart for p in prices)]
    return rng.sample(free, min(count, len(free)))


def sentences(snapshot: Snapshot, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Kind and text of false sentences about a snapshot."""
    for n in invented(snapshot, rng):
        for text in PRICES:
            yield "price", text.format(n=n)
    far = round(snapshot.price * rng.choice((0.6, 1.5)))
    for text in (
        "It bounced at {n}.",
        "It holds above the {n} level.",
        "Support at {n} tests well.",
        "${n} is the line.",
    ):
        yield "far price", text.format(n=far)
    for text in PERCENTS:
        yield "percentage", text.format(p=rng.randint(31, 39))
    rsi = round(snapshot.indicator("ta.rsi(close, 14)") or 50.0)
    for text in INDICATORS:
        v = (rsi + rng.choice((11, 17))) % 100
        yield "indicator", text.format(v=v, above=min(rsi + 12, 99), below=max(rsi - 12, 2))


def with_sentence(answer: dict[str, Any], text: str) -> dict[str, Any]:
    """The answer with a sentence more."""
    return {**answer, "reasoning": f"{answer['reasoning']} {text}"}
