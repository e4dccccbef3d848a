"""Market events: moves, candles, breaks, volume, ranks, times, sequences and divergences become the program meant."""

from __future__ import annotations

import pytest

from llm.phrasebook import translate
from llm.phrasebook.events.candles.patterns import PATTERNS
from llm.phrasebook.reading.phrase_tables import PhraseTable
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.tokens import tokenise
from screener import catalogue, compile_filter
from tests.unit.llm.phrasebook.events import EVENTS


@pytest.mark.parametrize(("interval", "sentence", "match"), EVENTS, ids=[row[1] for row in EVENTS])
def test_an_event_becomes_the_program_meant(interval: str, sentence: str, match: str) -> None:
    made = translate(sentence, None, ("BTCUSDT", "ETHUSDT"))
    assert made.not_understood == ()
    assert made.interval == interval
    assert compile_filter(made.code, interval).hash == compile_filter(f"match = {match}", interval).hash, made.code


def _patterns() -> list[str]:
    return sorted(row.name for row in catalogue() if row.group == "pattern")


def test_every_candlestick_pattern_of_the_language_has_a_name() -> None:
    names = _patterns()
    assert len(names) > 50
    assert sorted(PATTERNS) == names


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_each_pattern_is_read_by_each_of_its_names(name: str) -> None:
    phrases, sides = PATTERNS[name]
    for phrase in phrases.split(";"):
        side = "bullish " if sides is True else ""
        made = translate(f"{side}{phrase.strip()} on the 4h chart")
        assert made.not_understood == (), phrase
        member = ".bullish" if sides is True else ""
        wanted = compile_filter(f"match = cdl.{name}(){member}", "4h")
        assert compile_filter(made.code, "4h").hash == wanted.hash, phrase


@pytest.mark.parametrize("name", sorted(name for name, (_, sides) in PATTERNS.items() if sides is True))
def test_the_bearish_side_of_a_pattern_is_a_short(name: str) -> None:
    phrase = PATTERNS[name][0].split(";")[0].strip()
    made = translate(f"bearish {phrase} on 1h")
    assert compile_filter(made.code, "1h").hash == compile_filter(f"match = cdl.{name}().bearish", "1h").hash
    assert made.direction == "short"


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("up 5% on 1h", "last 24 hours"),
        ("up 5% this week on 1h", "open of the week"),
        ("harami on 1h", "bullish"),
        ("huge volume on 1h", "more than 2 times"),
        ("outperforms BTC on 1h", "last 24 hours"),
        ("RSI(14) below 30 on 1h during the London session", "08:00 to 16:30"),
        ("bearish divergence on 1h", "60 candles"),
        ("squeeze on 1h", "Keltner"),
        ("price makes a new high on 1h", "20 candles"),
        ("green candle then red candle on 1h", "candle before"),
    ],
)
def test_what_an_event_assumes_is_said(sentence: str, said: str) -> None:
    made = translate(sentence)
    assert made.code
    assert any(said in note for note in made.assumptions), made.assumptions


@pytest.mark.parametrize("sentence", ["If I am up more than 5% on my portfolio", "my account is down 3% on my balance"])
def test_the_readers_own_money_is_no_market_event(sentence: str) -> None:
    made = translate(sentence)
    assert made.code == ""
    assert made.not_understood


def test_a_template_reads_slots_choices_and_lists() -> None:
    grammar: Grammar[str] = Grammar(
        {"way": "up; to the moon"}, {"n": lambda r: t.value if (t := r.token("number")) else None}
    )

    def make(m: Found) -> str:
        return f"{m.number('n'):g} {m.text}"

    grammar.add(make, "[goes / went] <way> {n} steps?")
    reader = Reader(tokenise("went to the moon 3 steps more"))
    assert grammar.read(reader) == "3 went to the moon 3 steps"
    assert reader.tokens[reader.position].text == "more"
    assert grammar.read(Reader(tokenise("went down 3"))) is None


def test_the_longest_phrase_of_a_table_wins() -> None:
    table = PhraseTable([("more", 1), ("more than; above", 2)])
    reader = Reader(tokenise("more than 5"))
    assert table.read(reader) == 2
    assert reader.position == 2


def test_an_unbalanced_template_is_refused() -> None:
    grammar: Grammar[str] = Grammar({}, {})
    with pytest.raises(ValueError, match="unbalanced"):
        grammar.add(lambda m: m.text, "a ] b")
