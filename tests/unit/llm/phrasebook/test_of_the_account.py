"""How many trades there may be, and a part of one that is sold, are no conditions and no direction; what a cross or a
range leaves open is assumed aloud."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter

RSI30 = "ta.rsi(close, 14) < 30"
GOLDEN = "crossover(ta.sma(close, 50), ta.sma(close, 200))"
MACD = "ta.macd(close, 12, 26, 9)"
STOCH = "ta.stochrsi(close, 14, 14, 3, 3)"

LISTED: list[tuple[str, str, str]] = [
    # A part of a trade is sold: an exit that no filter can say, never a short.
    (
        "sell half at 1R and the rest at 3R, entry on 1h golden cross, stop 3%",
        f"match = {GOLDEN}\nstop = close * 0.97",
        "sell half at 1R and the rest at 3R",
    ),
    ("sell half at 1R and buy when RSI is below 30 on 1h", f"match = {RSI30}", "sell half at 1R"),
    (
        "buy when RSI is below 30 on 1h, sell a third when RSI is above 60, the rest when RSI is above 80",
        f"match = {RSI30}",
        "sell a third when RSI is above 60, the rest when RSI is above 80",
    ),
    ("RSI below 30 on 1h, close out half the position at 3%", f"match = {RSI30}", "close out half the position at 3%"),
    # How many trades there may be.
    ("RSI below 30 on 1h, max 3 trades a day", f"match = {RSI30}", "max 3 trades a day"),
    ("RSI below 30 on 1h, at most two entries per week", f"match = {RSI30}", "at most two entries per week"),
    ("RSI below 30 on 1h, one trade at a time", f"match = {RSI30}", "one trade at a time"),
    ("RSI below 30 on 1h, max 5 positions", f"match = {RSI30}", "max 5 positions"),
    ("max 1 trade per hour, RSI below 30 on 1h", f"match = {RSI30}", "max 1 trade per hour"),
    ("RSI below 30 with no more than 3 open positions on 1h", f"match = {RSI30}", "no more than 3 open positions"),
    # Back, but not which way.
    (
        "long when MACD crosses up on 1h, exit when MACD crosses back",
        f"match = crossover({MACD}.macd, {MACD}.signal)",
        "MACD crosses back",
    ),
]


@pytest.mark.parametrize(("sentence", "program", "words"), LISTED)
def test_it_is_listed_whole_and_nothing_is_made_of_it(sentence: str, program: str, words: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.direction, made.not_understood) == ("1h", "long", (words,))
    assert compile_filter(made.code, "1h").hash == compile_filter(program + "\n", "1h").hash, made.code


READ: list[tuple[str, str, str]] = [
    ("close half a percent above the 20 EMA on 1h", "long", "match = close >= 1.005 * ta.ema(close, 20)"),
    ("only a long when RSI is below 30 on 1h", "long", f"match = {RSI30}"),
    ("sell when RSI is above 70 on 1h", "short", "match = ta.rsi(close, 14) > 70"),
    ("stochastic crosses back up on 1h", "long", "match = crossover(ta.stoch(14, 3, 3).k, ta.stoch(14, 3, 3).d)"),
    (
        "long when MACD crosses up on 1h, exit when MACD crosses back down",
        "long",
        f"match = crossover({MACD}.macd, {MACD}.signal)\nexit = crossunder({MACD}.macd, {MACD}.signal)",
    ),
    (
        "price is between VWAP and the 200 EMA on 1h",
        "long",
        "match = between(close, min(ta.vwap(), ta.ema(close, 200)), max(ta.vwap(), ta.ema(close, 200)))",
    ),
    (
        "price is between yesterday's low and yesterday's high on 1h",
        "long",
        'match = between(close, tf("1d").low, tf("1d").high)',
    ),
]


@pytest.mark.parametrize(("sentence", "direction", "program"), READ)
def test_what_sounds_like_it_is_read(sentence: str, direction: str, program: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.direction, made.not_understood) == ("1h", direction, ())
    assert compile_filter(made.code, "1h").hash == compile_filter(program + "\n", "1h").hash, made.code


@pytest.mark.parametrize(
    ("sentence", "program", "said"),
    [
        (
            "long 1h when stoch RSI k crosses d below 20",
            f"match = crossover({STOCH}.k, {STOCH}.d) and {STOCH}.k < 20",
            "above it, for a long",
        ),
        (
            "short 1h when stoch RSI k crosses d above 80",
            f"match = crossunder({STOCH}.k, {STOCH}.d) and {STOCH}.k > 80",
            "below it, for a short",
        ),
        (
            "close is in the upper half of today's range, 1h",
            "match = close >= ticker.low + 0.5 * (ticker.high - ticker.low)",
            "last 24 hours, not of the day",
        ),
    ],
)
def test_what_was_left_open_is_assumed_aloud(sentence: str, program: str, said: str) -> None:
    made = translate(sentence)
    assert compile_filter(made.code, "1h").hash == compile_filter(program + "\n", "1h").hash, made.code
    assert any(said in note for note in made.assumptions)


def test_a_cross_either_way_stays_one() -> None:
    made = translate("long when MACD crosses its signal line in either direction on 1h")
    assert (
        compile_filter(made.code, "1h").hash
        == compile_filter(f"match = cross({MACD}.macd, {MACD}.signal)\n", "1h").hash
    )


def test_a_price_between_a_line_and_a_percentage_is_not_read() -> None:
    assert translate("price is between the 20 EMA and 2% above it on 1h").code == ""
