"""What traders say in words of their own."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from screener import compile_filter
from tests.unit.llm.phrasebook.slang_sentences import NAMED_BEFORE, SENTENCES, SETUPS, SHORT, UNREAD

_ROWS, _NAMED = (
    [line.partition(" => ") for line in table.replace("\n    ", " ").strip().splitlines()]
    for table in (SENTENCES, NAMED_BEFORE)
)


@pytest.mark.parametrize(("sentence", "meant"), [(sentence, meant) for sentence, _, meant in _ROWS])
def test_slang_is_read_with_nothing_left(sentence: str, meant: str) -> None:
    direction, _, match = meant.strip().partition(": ")
    made = translate(sentence.strip())
    assert (made.interval, made.direction, made.not_understood) == ("1h", direction, ())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match}\n", "1h").hash, made.code


@pytest.mark.parametrize(("sentence", "match"), [(sentence, match) for sentence, _, match in _NAMED])
def test_an_average_named_before_goes_by_its_length(sentence: str, match: str) -> None:
    made = translate(sentence.strip())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match.strip()}\n", "1h").hash, made.code


def test_a_profit_or_a_loss_is_how_the_trade_ends() -> None:
    made = translate("RSI over 70 on 1h, short, and I'm out with 0.4% profit or 0.3% loss")
    meant = "match = ta.rsi(close, 14) > 70\nstop = close * 1.003\ntarget = close * 0.996\n"
    assert compile_filter(made.code, "1h").hash == compile_filter(meant, "1h").hash, made.code


_SETUPS, _SHORT = (
    [tuple(part.strip() for part in line.split(" => ")) for line in table.strip().splitlines()]
    for table in (SETUPS, SHORT)
)


@pytest.mark.parametrize(("sentence", "match"), _SETUPS)
def test_a_set_up_by_name_has_one_meaning_and_it_is_said(sentence: str, match: str) -> None:
    made = translate(sentence)
    assert (made.interval, made.not_understood) == ("1h", ())
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = {match}\n", "1h").hash, made.code


@pytest.mark.parametrize("phrase", [" ".join(phrase.split()) for phrase in UNREAD.split(";")])
def test_what_has_no_one_meaning_is_told_and_not_guessed(phrase: str) -> None:
    made = translate(f"{phrase} on 1h")
    assert made.code == ""
    assert made.not_understood
    beside = translate(f"RSI below 30 on 1h, {phrase}")
    assert beside.not_understood
    assert beside.code == "rsi_below_30 = ta.rsi(close, 14) < 30\nmatch = rsi_below_30\n"


@pytest.mark.parametrize(("short", "plain"), _SHORT)
def test_shorthand_means_what_it_stands_for(short: str, plain: str) -> None:
    made, meant = (translate(text, "1h", symbols=("BTCUSDT", "ETHUSDT")) for text in (short, plain))
    assert (made.not_understood, meant.not_understood) == ((), ())
    assert made.interval == meant.interval
    assert compile_filter(made.code, made.interval).hash == compile_filter(meant.code, meant.interval).hash, made.code


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("pure chop on 1h", "“Pure chop” became: sideways."),
        ("bullish bos on 1h", "“Bullish bos” became: a close above the highest high of 20 candles."),
        ("price sitting on vwap on 1h", "“Sitting on” became: near."),
        ("oversld rsi on 1h", "“oversld” was read as “oversold”."),
    ],
)
def test_what_slang_and_slips_became_is_said(sentence: str, said: str) -> None:
    assert said in translate(sentence).assumptions


@pytest.mark.parametrize("coin", ["VOLM", "CLOSY", "HIGHT"])
def test_a_coins_name_is_no_slip(coin: str) -> None:
    made = translate(f"{coin} rsi below 30 on 1h", symbols=(f"{coin}USDT",))
    assert not any("was read as" in note for note in made.assumptions)
    meant = f'match = symbol("{coin}USDT").rsi(close, 14) < 30\n'
    assert compile_filter(made.code, "1h").hash == compile_filter(meant, "1h").hash


def test_a_slip_in_a_number_is_not_mended() -> None:
    made = translate("rsi below 3O on 1h")
    assert (made.code, made.not_understood) == ("", ("rsi below 3O",))
