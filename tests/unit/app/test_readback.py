"""The rows of a reading: conditions, and how a trade ends, beside the sentence's words."""

import pytest

from app.readback import reading_rows, words_of
from llm.phrasebook.translate import translate
from screener import compile_filter

SENTENCE = (
    "RSI oversold on 15m while price is above the 4h 200 EMA, exit when RSI above 60 or after 20 candles, stop 1.5%, "
    "target 3 ATR"
)


def test_exit_stop_and_target_have_rows_with_their_words() -> None:
    made = translate(SENTENCE)
    rows = reading_rows(compile_filter(made.code, made.interval), (), SENTENCE)
    assert [row["kind"] for row in rows] == ["condition", "condition", "exit", "stop", "target"]
    assert [(row["reading"], row["words"], row["text"]) for row in rows[2:]] == [
        (
            "Exit when either RSI(14) of the close is above 60 or the number of candles since the entry is at or "
            "above 20",
            "exit when RSI above 60 or after 20 candles",
            "rsi_above_60 or trade.bars >= 20",
        ),
        ("Stop at 1.5 % below the close", "stop 1.5%", "close * 0.985"),
        ("Target at 3 times ATR(14) above the close", "target 3 ATR", "close + 3 * ta.atr(14)"),
    ]


def test_a_result_s_interval_and_a_ranking_beside_it() -> None:
    code = 'match = close > 1\nexit = close < tf("4h").ema(close, 9)\nscore = volume\n'
    (_, row) = reading_rows(compile_filter(code, "15m"))
    assert (row["interval"], row["reading"]) == (
        "15m vs 4h",
        "Exit when the close is below the 9-period EMA of 4h closes",
    )


def test_without_results_there_are_conditions_alone() -> None:
    assert [r["kind"] for r in reading_rows(compile_filter("match = close > 1", "15m"), (), "close above 1")] == [
        "condition"
    ]


@pytest.mark.parametrize(
    ("result", "sentence", "words"),
    [
        ("stop", "long below the lower band with a 2% stop and 4% target", "a 2% stop"),
        ("target", "long below the lower band with a 2% stop and 4% target", "4% target"),
        (
            "exit",
            "short, exit when RSI below 50 and below the 20 EMA. SL 2 ATR",
            "exit when RSI below 50 and below the 20 EMA",
        ),
        ("exit", "RSI below 30, time stop 10 candles, stop loss 1%", "time stop 10 candles"),
        ("stop", "RSI below 30, time stop 10 candles, stop loss 1%", "stop loss 1%"),
        ("target", "RSI below 30", ""),
        ("stop", "", ""),
    ],
)
def test_words_of_a_result(result: str, sentence: str, words: str) -> None:
    assert words_of(result, sentence) == words
