"""What texts cite: which of their numbers are looked up, among what, and with how much rounding."""

from __future__ import annotations

import pytest

from analysis.citations import numbers_in
from analysis.known import Known, Number

from .conftest import make_snapshot

SNAPSHOT = make_snapshot(3)
KNOWN = Known(SNAPSHOT, {})
RSI = SNAPSHOT.indicator("ta.rsi(close, 14)") or 0.0
ADX = SNAPSHOT.indicator("ta.adx(14).adx") or 0.0
EMA = SNAPSHOT.indicator("ta.ema(close, 50)") or 0.0
RATIO = SNAPSHOT.indicator("ta.volume_ratio(20)") or 0.0


def unknown(text: str) -> list[str]:
    """What a text cites that the snapshot does not have."""
    return [
        c.number.text
        for c in numbers_in(text, KNOWN)
        if not (c.loose or c.threshold) and (c.about or not c.unit) and KNOWN.find(c) is None
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"RSI at {RSI:.1f} and ADX of {ADX:.2f}.",
        f"RSI(14) is {RSI:.0f}, the 50 EMA stands at {EMA:,.2f}.",
        f"ta.rsi(close, 14) = {RSI:.3f}; EMA50 {EMA:.1f}",
        f"RSI {RSI:.1f} is below 30 after 20 candles on 15m, R1 and S2 unbroken since 2026-01-05 12:00.",
        f"Volume is {RATIO:.2f} times its mean; score 63 of 100; the last 200 candles; 3 touches; 2 swings.",
        f"rsi(close, 14) fell to 28.4, below its 30, and the price is {SNAPSHOT.price:.2f}.",
        "The 3rd test of the level within 15 minutes, 1:2 or better, 2.5x, EMA20 over EMA50.",
    ],
)
def test_honest_texts_cite_nothing_unknown(text: str) -> None:
    assert unknown(text) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (f"RSI at {RSI + 3:.1f}", f"{RSI + 3:.1f}"),
        (f"the RSI (14) of {RSI + 3:.0f}", f"{RSI + 3:.0f}"),
        # A right number under a wrong name.
        (f"RSI at {ADX:.2f}", f"{ADX:.2f}"),
        (f"the 200 EMA at {EMA:.2f}", f"{EMA:.2f}"),
        (f"the EMA100 at {EMA:.2f}", f"{EMA:.2f}"),
        (f"volume is {RATIO + 1:.1f} times its mean", f"{RATIO + 1:.1f}"),
        ("support held at 1234.56", "1234.56"),
        ("support held at 999999999", "999999999"),
        ("support held at 2,123.45 USDT", "2,123.45"),
        ("crossover(close, 2123.45) comes next", "2123.45"),
        ("a close over -2123.45", "-2123.45"),
        ("stop 2123,45", "2123,45"),
        ("stop 2.12k", "2.12k"),
    ],
)
def test_made_up_numbers_are_unknown(text: str, number: str) -> None:
    assert unknown(text) == [number]


@pytest.mark.parametrize(
    ("value", "stored", "same"),
    [
        (3050.47, 3050.47, True),
        (3050.5, 3050.47, True),
        (3050.0, 3050.47, True),
        (3051.0, 3050.47, False),
        (3050.4, 3050.47, False),
        (3050.48, 3050.47, False),
        (0.0123, 0.0123, True),
        (0.0124, 0.0123, False),
    ],
)
def test_rounding_is_of_the_decimals_that_were_written(value: float, stored: float, same: bool) -> None:
    assert Number.of(value).is_of(stored) is same


def test_few_digits_are_too_few_for_a_price() -> None:
    price = 77231.4
    known = Known(SNAPSHOT, {"plan's stop": price})
    assert known.any_price(Number.of(77231.0), ["stop"]) == "plan's stop"
    assert known.any_price(Number("77k", 77000.0, -3, 2), ["stop"]) is None
    assert Known(SNAPSHOT, {"plan's stop": 0.5}).any_price(Number.of(0.5), ["stop"]) == "plan's stop"
