"""Every spelling of an interval, in the places where a sentence may name it: the strategy's base, and nothing left."""

from __future__ import annotations

from typing import Final

import pytest

from llm.phrasebook.translate import translate

SPELLINGS: Final = {
    "1m": ("1 minute", "one-minute", "1m", "M1", "1-min"),
    "3m": ("3 minute", "three-minute", "3m"),
    "5m": ("5 minute", "five minute", "5m", "M5", "5-min"),
    "15m": ("15 minute", "fifteen-minute", "15m", "M15", "quarter-hour"),
    "30m": ("30 minute", "half-hour", "30m", "M30", "thirty minute"),
    "1h": ("1 hour", "one-hour", "hourly", "1h", "H1", "60 minute", "60m"),
    "2h": ("2 hour", "two-hour", "2h", "H2", "120 minute"),
    "4h": ("4 hour", "four-hour", "4h", "H4", "240 minute", "4-hourly"),
    "6h": ("6 hour", "six-hour", "6h"),
    "8h": ("8 hour", "eight hour", "8h"),
    "12h": ("12 hour", "twelve-hour", "12h", "half-day"),
    "1d": ("daily", "1 day", "one-day", "1d", "D1"),
    "3d": ("3 day", "three-day", "3d"),
    "1w": ("weekly", "1 week", "one-week", "1w", "W1"),
}
PLACES: Final = (
    "RSI(14) below 30 on the {} chart.",
    "On the {} chart the 9 EMA crosses above the 21 EMA.",
    "The {} RSI is below 30.",
    "Short when the MACD crosses below its signal line on {} candles.",
    "Volume is 3 times its 20-period average, {} timeframe.",
    "On {} bars, the close crosses above the 50-period SMA and RSI is above 50.",
    "Look at the {} timeframe: price is more than 3% below its 20 SMA.",
    "Using {} candles, three red candles in a row.",
    "When a {} candle closes above the upper Bollinger band.",
    "Price has dropped more than 5% over the last 10 {} candles.",
    "ADX(14) on the {} is above 25 and rising for 3 candles.",
    "The close is above the {} 50 EMA.",
)


def _each() -> list[tuple[str, str]]:
    """Each spelling in four of the places, and each place with many spellings."""
    found: list[tuple[str, str]] = []
    for label, spellings in SPELLINGS.items():
        for spelling in spellings:
            first = len(found)
            found += [(label, PLACES[(first + k) % len(PLACES)].format(spelling)) for k in (0, 1, 5, 9)]
    return found


@pytest.mark.parametrize(("label", "sentence"), _each(), ids=lambda value: value)
def test_the_base_is_the_interval_that_is_named(label: str, sentence: str) -> None:
    found = translate(sentence)
    assert found.interval == label
    assert found.code
    assert found.not_understood == ()


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("1d", "Three red candles in a row on the day chart."),
        ("1w", "RSI below 40 on week candles."),
        ("1h", "MACD crosses above its signal on the hour chart."),
        ("15m", "RSI below 30 on 15m candles at 14h."),
    ],
)
def test_a_noun_before_candles_is_their_length_and_a_time_of_day_is_none(label: str, sentence: str) -> None:
    found = translate(sentence)
    assert found.interval == label
    assert found.not_understood == ()
    assert ("hour == 14" in found.code) == ("14h" in sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "RSI below 30 on 15m candles, a coin that slept for the last 3 days.",
        "On 15m candles: volume over the last 4 hours is 3 times its average.",
        "Price up 5% within 4 hours on 15m.",
        "RSI below 30 in the last 2 hours on 15m.",
    ],
)
def test_a_length_of_time_is_no_interval_of_candles(sentence: str) -> None:
    assert translate(sentence).interval == "15m"


def test_the_last_candle_of_an_interval_is_of_that_interval() -> None:
    assert translate("RSI below 30 on the last 4h candle").interval == "4h"
