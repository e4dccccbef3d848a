"""What of a sentence a program lacks, and what it adds: each row is a program that is right, or wrong in one way."""

from typing import Any

import pytest

from llm.checks import SentenceCheck, check_sentence
from llm.checks.pieces import pieces
from screener import compile_filter

CROSS = "m = ta.macd(close)\nmatch = crossover(m.macd, m.signal)"


def checked(sentence: str, code: str, interval: str = "15m", **options: Any) -> SentenceCheck:
    program = compile_filter(code, interval)
    return check_sentence(sentence, program, direction="short" if "short" in sentence else "long", **options)


RIGHT = [
    ("Buy when the 14-period RSI on the 1 hour chart is below 30.", "match = ta.rsi(close, 14) < 30", "1h"),
    ("RSI under 30 on 15m", "match = ta.rsi(close, 14) < 30", "15m"),
    ("macd bull cross, 4h", CROSS, "4h"),
    ("vol 3x its average on 5m", "match = volume > 3 * ta.sma(volume, 20)", "5m"),
    ("down 10% over the past 24 hours, hourly", "match = ticker.change_pct <= -10", "1h"),
    ("up 3% in the last 15 minutes on the 5m", "match = pct_change(close, 3) >= 3", "5m"),
    ("15% below its high of 100 hourly candles", "match = close <= highest(high, 100) * (1 - 15 / 100)", "1h"),
    ("more than 60 percent of all coins are green on 1d", "match = breadth(close > open) > 0.6", "1d"),
    ("between 22:00 and 02:00 UTC a red candle, 15m", 'match = session("22:00-02:00") and close < open', "15m"),
    ("golden cross on the daily", "match = crossover(ta.sma(close, 50), ta.sma(close, 200))", "1d"),
    ("overbought rsi 1h", "match = ta.rsi(close, 14) > 70", "1h"),
    ("price over the kumo, 4h", "i = ta.ichimoku()\nmatch = close > max(i.span_a, i.span_b)", "4h"),
    ("mcad corsses singal line 4hour", CROSS, "4h"),
    ("EMA de 20 sobre la EMA de 50 en 4 horas", "match = ta.ema(close, 20) > ta.ema(close, 50)", "4h"),
    ("RSI not below 30 on 15m", "match = ta.rsi(close, 14) >= 30", "15m"),
    ("RSI above 30 but not over 50, 15m", "match = ta.rsi(close, 14) > 30 and not ta.rsi(close, 14) > 50", "15m"),
    ("close 2% below the 20 EMA, 15m", "match = close < 0.98 * ta.ema(close, 20)", "15m"),
    ("the 50 EMA is below price, 15m", "match = close > ta.ema(close, 50)", "15m"),
    ("williams %r above -20 on 1h", "match = ta.willr(14) > -20", "1h"),
    ("rsi(2) between 5 and 10, 1h", "match = between(ta.rsi(close, 2), 5, 10)", "1h"),
    (
        "RSI below 30 on 15m, no stop, hold it for 10 candles",
        "match = ta.rsi(close, 14) < 30\nexit = trade.bars >= 10",
        "15m",
    ),
    ("the stochastic RSI's K line is above 50, 15m", "match = ta.stochrsi(close, 14, 14, 3, 3).k > 50", "15m"),
    (
        "less than 35 percent of the market is above its 50-period EMA, 1d",
        "match = breadth(close > ta.ema(close, 50)) < 0.35",
        "1d",
    ),
    ("the PSAR flips from above price to below price, 4h", "match = crossover(close, ta.psar(0.02, 0.2))", "4h"),
    (
        "Two time frames: the close above the weekly 20 EMA and a green 1d candle",
        'match = close > tf("1w").ema(close, 20) and close > open',
        "1d",
    ),
    ("close in the top quarter of the candle's range, 1h", "match = close >= low + 0.75 * (high - low)", "1h"),
    ("VI- crosses above VI+ on the 8h", "v = ta.vortex(14)\nmatch = crossover(v.minus, v.plus)", "8h"),
    ("RSI below 30 once price stops falling, 15m", "match = ta.rsi(close, 14) < 30 and close > close[1]", "15m"),
    ("the RSI of the open below 30, 15m", "match = ta.rsi(open, 14) < 30", "15m"),
    ("beats bitcoin over 24 candles, 1h", "match = roc > btc", "1h"),
    ("HL2 above the open and OHLC4 below hlc3, 1h", "match = hl2 > open and ohlc4 < hlc3", "1h"),
]


@pytest.mark.parametrize(("sentence", "code", "interval"), RIGHT)
def test_a_right_program_is_left_alone(sentence: str, code: str, interval: str) -> None:
    gain = 'roc = pct_change(close, 24)\nbtc = pct_change(symbol("BTCUSDT").close, 24)\n'
    found = checked(sentence, (gain if "btc" in code else "") + code, interval, symbols=("BTCUSDT",))
    assert (found.unused, found.invented, found.contradictions) == ([], [], [])


SIGNED = ["-DI", "+DI", "DI-", "%K", "the A/D line", "accumulation/distribution", "T3", "a z-score"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_name_with_a_sign_or_a_digit_in_it_is_missed_as_any_other(name: str) -> None:
    found = checked(f"{name} is rising and the close is above the open, 15m", "match = close > open").unused
    assert [(u.kind, u.words) for u in found] == [("indicator", name.removeprefix("the ").removeprefix("a "))]


def test_a_number_with_a_sign_is_one_where_nothing_stands_before_the_sign() -> None:
    assert [p.text for p in pieces("cci < -100, the 20-day ema-50 and 1,250.5")] == [
        "cci", "<", "-100", ",", "the", "20", "-", "day", "ema", "-", "50", "and", "1,250.5",
    ]  # fmt: skip


WRONG = [
    # Another length, interval, indicator, level; a condition dropped; a symbol dropped.
    ("RSI(9) below 30 on 15m", "match = ta.rsi(close, 14) < 30", "15m", [("number", "9")], []),
    ("RSI below 30 on 15m", "match = ta.rsi(close, 14) < 30", "1h", [("interval", "15m")], []),
    ("RSI below 30 on the daily", "match = ta.rsi(close, 14) < 30", "1h", [("interval", "daily")], []),
    ("RSI below 30 on 15m", "match = ta.mfi(14) < 30", "15m", [("indicator", "RSI")], ["mfi"]),
    ("RSI below 35 on 15m", "match = ta.rsi(close, 14) < 30", "15m", [("number", "35")],
     ["the number 30 in ta.rsi(close, 14) < 30"]),
    ("RSI below 30 and ADX above 25, 1h", "match = ta.rsi(close, 14) < 30", "1h",
     [("indicator", "ADX"), ("number", "25")], []),
    ("RSI below 30 while BTC is over its 50 EMA, 1h", "match = ta.rsi(close, 14) < 30 and close > ta.ema(close, 50)",
     "1h", [("symbol", "BTC")], []),
    ("green candle, 1h", "match = ta.rsi(close, 14) < 30", "1h", [("indicator", "green candle")],
     ["rsi", "the number 30 in ta.rsi(close, 14) < 30"]),
    ("rsi < 30, stop 2%, 1h", "match = ta.rsi(close, 14) < 30", "1h", [("stop", "stop 2%")], []),
    ("rsi < 30, a 1.5 ATR stop and 4% target, 1h", "match = ta.rsi(close, 14) < 30", "1h",
     [("stop", "1.5 ATR stop"), ("target", "4% target")], []),
    ("rsi < 30, stop below the low, 1h", "match = ta.rsi(close, 14) < 30", "1h", [("stop", "stop below the low")], []),
    # Ends of a trade, and fields, that no word asks for.
    ("rsi < 30, 1h", "match = ta.rsi(close, 14) < 30\nexit = trade.bars >= 1", "1h", [], ["an exit (trade.bars >= 1)"]),
    ("rsi < 30, 1h", "match = ta.rsi(close, 14) < 30\nstop = low", "1h", [], ["a stop (low)"]),
    ("rsi < 30, stop 2%, 1h", "match = ta.rsi(close, 14) < 30\nstop = 0.98 * close\nexit = close > open", "1h",
     [], ["an exit (close > open)"]),
    ("sell short on rsi > 70, 1h", "match = ta.rsi(close, 14) > 70\nexit = close < open", "1h",
     [], ["an exit (close < open)"]),
    ("some zorp of rsi, blorb, 1h", "match = ta.rsi(open, 14) < ta.rsi(close, 14)", "1h",
     [], ["open in ta.rsi(open, 14)"]),
    ("rsi < 30, 1h", "match = ta.rsi(close, 14) < 30 and close > open", "1h", [], ["the condition open < close"]),
    ("a hammer on 1h", "match = cdl.doji()", "1h", [("indicator", "hammer")], ["cdl.doji"]),
    # A comparison turned round, or dropped where its words stand elsewhere too.
    ("RSI below 30 on 15m", "match = ta.rsi(close, 14) > 30", "15m", [("otherwise", "RSI below 30 on 15m")], []),
    ("RSI crosses above 30 on 15m", "match = crossunder(ta.rsi(close, 14), 30)", "15m",
     [("otherwise", "RSI crosses above 30 on 15m")], []),
    ("the 20 EMA over the 50 EMA, 1h", "match = ta.ema(close, 20) < ta.ema(close, 50)", "1h",
     [("otherwise", "20 EMA over the 50 EMA")], []),
    ("price under the 20 EMA and the 20 EMA over the 50 EMA, 1h", "match = ta.ema(close, 20) > ta.ema(close, 50)", "1h",
     [("condition", "price under the 20 EMA")], []),
    ("price above the 50 EMA, 1h", "match = close > ta.ema(close, 55)", "1h", [("number", "50")],
     ["the number 55 in ta.ema(close, 55)"]),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "code", "interval", "unused", "invented"), WRONG)
def test_a_wrong_program_is_told(
    sentence: str, code: str, interval: str, unused: list[tuple[str, str]], invented: list[str]
) -> None:
    found = checked(sentence, code, interval)
    otherwise = [("otherwise", d.words) for d in found.disagreements]
    assert [(u.kind, u.words) for u in found.unused] + otherwise == unused
    assert found.invented == invented
    assert all(sentence[u.start : u.end] == u.words for u in found.unused)


def test_what_is_said_to_be_left_out_is_not_said_twice() -> None:
    sentence = "RSI below 30 on 15m when the ADX is over 25"
    code = "match = ta.rsi(close, 14) < 30"
    assert len(checked(sentence, code).unused) == 2
    assert checked(sentence, code, not_understood=("when the ADX is over 25",)).unused == []


def test_what_the_graph_folds_away_does_not_count() -> None:
    found = checked(
        "RSI below 30 and ADX over 25, 15m", "match = ta.rsi(close, 14) < 30 and (ta.adx().adx > 25 or True)"
    )
    assert ("indicator", "ADX") in [(u.kind, u.words) for u in found.unused]


@pytest.mark.parametrize("sentence", ["", "   ", "\x00\ud800", "買", "9" * 5_000, "rsi " * 5_000, "(" * 20_000])
def test_any_sentence_is_checked(sentence: str) -> None:
    assert isinstance(checked(sentence, "match = ta.rsi(close, 14) < 30"), SentenceCheck)


@pytest.mark.parametrize(
    ("sentence", "code", "unheld"),
    [
        ("RSI below 30 on 15m", "match = ta.rsi(close, 14) < 30", []),
        ("RSI below 30 and ADX above 25, 15m", "match = ta.adx(14).adx > 25 and not ta.rsi(close, 14) >= 30", []),
        # What is told is held against it; what was not read is not, nor what is written in a way of its own.
        ("RSI below 30 on 15m", "match = ta.rsi(close, 14) > 30", []),
        ("RSI below 30 on 15m when the zorp is high", "match = ta.rsi(close, 14) < 30", ["the zorp is high"]),
        ("volume is above average, 15m", "match = 20 * volume > sum(volume, 20)", ["volume is above average"]),
        ("Kaufe wenn der RSI unter 30 fällt", "match = ta.rsi(close, 14) > 30", ["Kaufe wenn der RSI unter 30 fällt"]),
        ("RSI低于30", "match = ta.rsi(close, 14) > 30", ["RSI低于30"]),
        ("RSI below 30 " * 200, "match = ta.rsi(close, 14) < 30", [("RSI below 30 " * 200).strip()]),
    ],
)
def test_words_that_were_not_held_against_the_program_are_told(sentence: str, code: str, unheld: list[str]) -> None:
    assert checked(sentence, code).unheld == unheld


def test_words_that_are_said_to_be_left_out_need_not_be_held() -> None:
    sentence = "RSI below 30 on 15m when the zorp is high"
    left_out = ("when the zorp is high",)
    assert checked(sentence, "match = ta.rsi(close, 14) < 30", not_understood=left_out).unheld == []
