"""Right programs are left alone, and of wrong ones that compile, each kind of fault is named."""

from __future__ import annotations

from collections import Counter

import pytest

from llm.checks import SentenceCheck, check_sentence
from screener import compile_filter
from tests.unit.llm.checks.mutants import mutants
from tests.unit.llm.checks.pairs import ENGLISH, FOREIGN, Pair

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")


def checked(pair: Pair, code: str = "") -> SentenceCheck:
    program = compile_filter(code or pair.code, pair.interval, SYMBOLS)
    return check_sentence(pair.sentence, program, direction=pair.direction, symbols=SYMBOLS)


def told(found: SentenceCheck) -> list[str]:
    """All that is said against a program."""
    otherwise = [f"{d.asked} / {d.said}" for d in found.disagreements]
    return [*(u.words for u in found.unused), *otherwise, *found.invented, *found.contradictions]


@pytest.mark.parametrize("pair", [*ENGLISH, *FOREIGN], ids=lambda pair: pair.sentence[:40])
def test_a_right_program_is_left_alone(pair: Pair) -> None:
    assert told(checked(pair)) == []


CERTAIN = (
    "turned round", "within for for, for for within", "window lost", "window longer", "and for or, or for and",
    "not lost", "multiple turned", "numbers swapped", "interval swapped", "interval lost", "other side", "stop lost",
    "target lost", "stop on the wrong side", "target on the wrong side", "stop for target", "another field",
    "a candle late", "another average", "volume against price", "the highest for the average",
    "a share on the other side", "exit of its own", "stop of its own", "target of its own",
)  # fmt: skip


def test_of_wrong_programs_nearly_all_are_named() -> None:
    named, made = Counter[str](), Counter[str]()
    missed = []
    for pair in ENGLISH:
        for kind, code in mutants(pair.code, pair.interval):
            made[kind] += 1
            if told(checked(pair, code)):
                named[kind] += 1
            else:
                missed.append(f"{kind}: {pair.sentence} | {code}")
    report = "\n".join(missed)
    assert set(made) == {*CERTAIN, "state for a cross", "cross for a state"}, made
    # A state for a cross is asked about where words such as "drops under" may mean either.
    assert all(named[kind] >= 0.8 * made[kind] for kind in (*CERTAIN, "state for a cross")), report
    assert named["cross for a state"] >= 0.7 * made["cross for a state"], report
    assert named.total() >= 0.9 * made.total(), report


SAID = [
    ("RSI below 30 on 15m", "match = ta.rsi(close, 14) > 30", "15m",
     ("RSI below 30 on 15m", "RSI(14) of the close is below 30", "RSI(14) of the close is above 30")),
    ("volume at least twice its average, 1h", "match = 2 * volume >= ta.sma(volume, 20)", "1h",
     ("volume at least twice its average", "The volume is at or above 2 times the 20-period SMA of the volume",
      "The 20-period SMA of the volume is at or below 2 times the volume")),
    ("RSI below 30 within 5 candles, 15m", "match = always(ta.rsi(close, 14) < 30, 5)", "15m",
     ("RSI below 30 within 5 candles", "RSI(14) of the close is below 30 on at least one of the last 5 candles",
      "RSI(14) of the close is below 30 on each of the last 5 candles")),
    ("either RSI below 30 or ADX above 25, 1h", "match = ta.rsi(close, 14) < 30 and ta.adx(14).adx > 25", "1h",
     ("RSI below 30 or ADX above 25", "Either RSI(14) of the close is below 30 or ADX(14) is above 25",
      "RSI(14) of the close is below 30, and ADX(14) is above 25")),
    ("RSI below 30 on 15m, stop 2%, target 4%",
     "match = ta.rsi(close, 14) < 30\nstop = close * 0.98\ntarget = close * 0.96", "15m",
     ("target", "Target at 4 % above the close", "Target at 4 % below the close")),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "code", "interval", "said"), SAID)
def test_both_readings_are_told_in_words(sentence: str, code: str, interval: str, said: tuple[str, str, str]) -> None:
    found = checked(Pair(sentence, code, interval))
    (row,) = found.disagreements
    assert (row.words, row.asked, row.said) == said
    assert sentence[row.start : row.end] == row.words
    # What is said otherwise is not said to be missing too.
    assert not [u for u in found.unused if u.kind == "condition"]


@pytest.mark.parametrize(
    ("code", "direction", "said"),
    [
        ("stop = close * 1.02", "long", "The stop close * 1.02 is not below the entry, as that of a long has to be."),
        ("stop = trade.price - 2 * ta.atr(14)", "short", "not above the entry"),
        ("target = 0.95 * close", "long", "not above the entry"),
        ("target = close * 1.05", "short", "not below the entry"),
        ("stop = low", "long", ""),
        ("stop = close * 0.98", "long", ""),
        ("stop = highest(high, 5)", "short", ""),
    ],
)
def test_a_stop_or_target_on_the_wrong_side_is_told(code: str, direction: str, said: str) -> None:
    found = checked(Pair("RSI below 30", f"match = ta.rsi(close, 14) < 30\n{code}", "1h", direction)).contradictions
    assert bool(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize(
    "sentence",
    [
        # Unread words beside a condition, or a denial near it, may change it; what is too long is not read at all.
        "RSI below 30 blorbed sideways on 15m",
        "I would never trade like those who want RSI below 30 and a frobnicated market on 15m",
        "RSI below 30 on 15m" + " and so on" * 200,
        "RSI < 30 en 15m y no sé qué más con el precio",
    ],
)
def test_nothing_is_told_where_the_reading_is_not_certain(sentence: str) -> None:
    assert checked(Pair(sentence, "match = ta.rsi(close, 14) > 30", "15m")).disagreements == []


WRONG_ELSEWHERE = [
    (FOREIGN[0].sentence, "match = crossunder(ta.rsi(close, 14), 35) and close > ta.ema(close, 200)", "15m"),
    (FOREIGN[0].sentence, FOREIGN[0].code, "1h"),
    (FOREIGN[3].sentence, "match = ta.rsi(close, 14) > 65", "1h"),
    (FOREIGN[7].sentence, "match = ta.rsi(close, 21) < 30 and volume > 2 * ta.sma(volume, 20)", "15m"),
    ("Comprar si BTC está sobre su EMA de 50 en 1h", "match = close > ta.ema(close, 50)", "1h"),
    (FOREIGN[11].sentence, "match = ta.mfi(14) < 30 and close > ta.ema(close, 200)", "15m"),
]


@pytest.mark.parametrize(("sentence", "code", "interval"), WRONG_ELSEWHERE)
def test_numbers_names_and_intervals_are_checked_in_every_language(sentence: str, code: str, interval: str) -> None:
    assert told(checked(Pair(sentence, code, interval)))


ANSWERS = [
    ("RSI below 30 on 15m", "dip = ta.rsi(close, 14) > 30\nmatch = dip", "15m",
     "dip = (ta.rsi(close, 14) < 30)\nmatch = dip"),
    ("RSI below 30 within 5 candles and a green candle, 15m",
     "r = ta.rsi(close, 14)\nmatch = always(r < 30, 5) and close > open", "15m",
     "r = ta.rsi(close, 14)\nmatch = (within(ta.rsi(close, 14) < 30, 5)) and close > open"),
    ("RSI below 30 on 15m, stop 2%, target 4%",
     "match = ta.rsi(close, 14) < 30\nstop = 0.98 * close\ntarget = 0.96 * close", "15m",
     "match = ta.rsi(close, 14) < 30\nstop = 0.98 * close\ntarget = (1.04 * close)"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "code", "interval", "better"), ANSWERS)
def test_what_the_sentence_says_is_one_click_away(sentence: str, code: str, interval: str, better: str) -> None:
    asked = checked(Pair(sentence, code, interval)).questions[0]
    now, other = asked.choices
    assert (asked.id, now.taken, other.filter_code) == ("otherwise:0", True, better)
    assert told(checked(Pair(sentence, better, interval))) == []


LOST_IN_TALK = "zorp the frob of it all, then some blorb: "


@pytest.mark.parametrize(
    ("words", "right", "wrong"),
    [
        ("and it closes red", "close < open", "close > open"),
        ("a green one to finish", "close > open", "close < open"),
        ("the lower band tagged", "low <= ta.bbands(close, 20, 2).lower", "low <= ta.bbands(close, 20, 2).upper"),
        ("into the upper keltner", "high >= ta.keltner(20, 2).upper", "high >= ta.keltner(20, 2).lower"),
        ("by the highest of a zorp of 20", "close > highest(high, 20)[1]", "close > lowest(high, 20)[1]"),
    ],
)
def test_a_word_with_one_opposite_tells_where_nothing_else_was_read(words: str, right: str, wrong: str) -> None:
    fine, other = (checked(Pair(LOST_IN_TALK + words, f"match = {code}", "1h")) for code in (right, wrong))
    assert fine.disagreements == []
    (row,) = other.disagreements
    assert (LOST_IN_TALK + words)[row.start : row.end] == row.words and row.asked != row.said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("red, or green, zorp", "close > open"),
        ("lower band or upper band, zorp", "low <= ta.bbands(close, 20, 2).upper"),
    ],
)
def test_both_of_two_opposite_words_tell_nothing(words: str, code: str) -> None:
    assert checked(Pair(LOST_IN_TALK + words, f"match = {code}", "1h")).disagreements == []


def test_an_opposite_word_may_be_the_exits() -> None:
    sentence = "zorp the frob, some 20 candle blorb, and get out below the 10 candle low"
    code = "match = close > highest(high, 20)[1]\nexit = close < lowest(low, 10)[1]"
    assert checked(Pair(sentence, code, "1h")).disagreements == []
