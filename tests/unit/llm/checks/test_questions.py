"""What a sentence leaves open, and the code of each answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm.checks import Question, check_sentence, edits
from llm.checks.questions import MAX_QUESTIONS, questions_of
from screener import Program, compile_filter
from tests.property.profiles import examples


def asked(sentence: str, code: str, interval: str = "15m", direction: str = "long") -> dict[str, Question]:
    found = check_sentence(sentence, compile_filter(code, interval), direction=direction)
    return {question.id.split(":")[0]: question for question in found.questions}


RSI = "# dips\nmatch = ta.rsi(close,14)<30  # deep"
AVERAGE = "match = close > ta.sma(close, 50)"
TABLE = [
    # sentence, program, question, label clicked, what the code then is
    ("long when RSI < 30 at the 15m close", RSI, "length", "7 (faster)", "# dips\nmatch = ta.rsi(close, 7)<30  # deep"),
    ("oversold rsi(14), 15m", RSI, "level", "25", "# dips\nmatch = ta.rsi(close,14)<25  # deep"),
    ("price above its 50 moving average", AVERAGE, "average", "Exponential (EMA)", "match = close > ta.ema(close, 50)"),
    ("volume over average", "match = volume > ta.sma(volume, 20)", "volume", "50 candles",
     "match = volume > ta.sma(volume, 50)"),
    ("busy volume", "busy = volume >= 1.5 * ta.sma(volume, 20)\nmatch = busy", "times", "3 ×",
     "busy = volume >= 3 * ta.sma(volume, 20)\nmatch = busy"),
    ("price breaks above the 50 EMA", "up = close > ta.ema(close, 50)\nmatch = up and volume > 5", "cross",
     "On the candle where it happens", "up = crossover(close, ta.ema(close, 50))\nmatch = up and volume > 5"),
    ("rsi(14) drops below 30", "match = crossunder(ta.rsi(close, 14), 30)", "cross", "On every candle while it is so",
     "match = (ta.rsi(close, 14) < 30)"),
    ("price breaks above the 50 EMA", "match = close > ta.ema(close, 50)", "cross", "On the candle where it happens",
     "match = crossover(close, ta.ema(close, 50))"),
    ("rsi(14) < 30, close > open", "match = ta.rsi(close, 14) < 30 and close > open", "join", "Any one of them",
     "match = ta.rsi(close, 14) < 30 or close > open"),
    ("a candle falls 3%", "match = pct_change(close, 1) < -3", "move", "From its own open",
     "match = ((close - open) / open * 100) < -3"),
    ("macd over signal", "m = ta.macd(close)\nmatch = m.macd > m.signal", "length", "8, 17, 9 (faster)",
     "m = ta.macd(close, 8, 17, 9)\nmatch = m.macd > m.signal"),
    ("price over vwap", "match = close > ta.vwap()", "length", "of the week", 'match = close > ta.vwap("1w")'),
    ("RSI é < 30", "é = ta.rsi(close, 14)\nmatch = é < 30", "length", "21 (slower)",
     "é = ta.rsi(close, 21)\nmatch = é < 30"),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "code", "key", "label", "then"), TABLE)
def test_an_answer_changes_what_it_says_and_leaves_the_rest_as_written(
    sentence: str, code: str, key: str, label: str, then: str
) -> None:
    question = asked(sentence, code)[key]
    choice = next(choice for choice in question.choices if choice.label == label)
    assert choice.filter_code == then
    assert [c.taken for c in question.choices].count(True) == 1
    assert not choice.taken


def test_and_with_or_asks_what_belongs_together() -> None:
    code = "match = close > open and ta.rsi(close, 14) < 30 or ta.mfi(14) < 20"
    question = asked("green and rsi(14) < 30 or mfi(14) < 20", code)["grouping"]
    assert [c.filter_code for c in question.choices if not c.taken] == [
        "match = close > open and (ta.rsi(close, 14) < 30 or ta.mfi(14) < 20)"
    ]


def test_settings_of_the_strategy_are_asked_for_where_they_are_not_said() -> None:
    found = asked("rsi(14) < 30", RSI, direction="short")
    assert [c.direction for c in found["direction"].choices if c.taken] == ["short"]
    assert [c.interval for c in found["interval"].choices if c.taken] == ["15m"]
    assert [c.evaluate for c in found["evaluate"].choices if not c.taken] == ["minute"]


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Buy when the close of the 15m crosses above the 50 EMA", "match = crossover(close, ta.ema(close, 50))"),
        ("Short at the 15m close when RSI(14) < 30", RSI),
        ("Buy at the 15m close: Supertrend(10, 3) is up", "match = ta.supertrend(10, 3).direction > 0"),
    ],
)
def test_a_sentence_that_says_it_all_is_asked_nothing(sentence: str, code: str) -> None:
    assert asked(sentence, code) == {}


def test_an_interval_that_the_code_forbids_is_no_choice() -> None:
    code = 'match = ta.rsi(close, 14) < 30 and tf("4h").close > tf("4h").open'
    labels = [c.interval for c in asked("rsi dips while the higher frame is up", code)["interval"].choices]
    assert labels == ["5m", "15m", "1h", "4h"]


PIECES = [
    "RSI",
    "oversold",
    "breaks above",
    "average",
    "volume",
    "and",
    "or",
    ",",
    "candle",
    "20",
    "5m",
    "close",
    "macd",
]
CONDITIONS = [
    "ta.rsi(close, 14) < 30",
    "crossover(ta.rsi(close, 7), 30)",
    "crossunder(close, ta.sma(close, 50))",
    "volume > 2 * ta.sma(volume, 20)",
    "ta.macd(close).hist > 0",
    "(close > ta.bbands(close).upper or close < ta.bbands(close).lower)",
    'tf("4h").rsi(close, 14) > 70',
    "pct_change(close, 1) > 3",
    "ta.stoch(14, 3, 3).k <= 20",
    "not ta.adx().adx > 25",
    "close > ta.vwap()",
    "(ta.cci(20) > 100 if close > open else ta.willr(14) < -80)",
]


@examples(25)
@given(
    st.lists(st.sampled_from(PIECES), max_size=9),
    st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3),
    st.sampled_from(["and", "or"]),
    st.booleans(),
)
def test_every_answer_compiles_and_can_be_taken_back(
    pieces: list[str], conditions: list[str], joint: str, named: bool
) -> None:
    names = [f"c{n}" for n in range(len(conditions))]
    lines = [f"{name} = {text}  # ü" for name, text in zip(names, conditions, strict=True)] if named else []
    code = "\n".join([*lines, f"match = {f' {joint} '.join(names if named else conditions)}"])
    program = compile_filter(code, "15m")
    sentence = " ".join(pieces)
    for question in questions_of(sentence, program, direction="long", evaluate="close"):
        assert [c.taken for c in question.choices].count(True) == 1, question
        for choice in question.choices:
            if choice.filter_code is None:
                continue
            other = compile_filter(choice.filter_code, "15m")
            assert other.hash != program.hash
            assert other.source.count("#") == code.count("#"), "comments stay"
            if not question.id.startswith(("length", "level", "volume", "average")):
                continue
            again = questions_of(sentence, other, direction="long", evaluate="close")
            codes = [c.filter_code for q in again for c in q.choices if c.filter_code]
            assert program.hash in {compile_filter(c, "15m").hash for c in codes}


@pytest.mark.parametrize("conditions", [12, 110])
def test_no_more_is_compiled_than_is_asked(conditions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"c{n} = ta.rsi(close, {5 + n % 2}) < {20 + n // 2}" for n in range(conditions)]
    both = " and ".join(f"c{n}" for n in range(conditions))
    program = compile_filter("\n".join([*lines, f"match = {both}"]), "15m")
    compiled: list[tuple[str, str]] = []

    def counted(code: str, base: str) -> Program:
        compiled.append((code, base))
        return compile_filter(code, base)

    monkeypatch.setattr(edits, "compile_filter", counted)
    asked = questions_of("RSI oversold, buy", program, direction="long", evaluate="close")
    assert len(asked) == MAX_QUESTIONS
    assert len(compiled) == len(set(compiled))
    given = sum(not choice.taken for made in asked for choice in made.choices)
    assert given <= len(compiled) <= given + MAX_QUESTIONS
    compiled.clear()
    assert len(questions_of("RSI oversold, buy", program, direction="long", evaluate="close", most=1)) == 1
    assert len(compiled) <= len(asked[0].choices)


def test_the_same_question_of_two_places_is_two_questions() -> None:
    program = compile_filter("match = ta.rsi(close, 7) < 30 and ta.rsi(close, 14) < 30", "15m")
    asked = questions_of("buy 15m close, RSI(7) and RSI(14) oversold", program, direction="long", evaluate="close")
    assert [made.id for made in asked] == ["level:rsi:oversold", "level:rsi:oversold:2"]
    assert "ta.rsi(close, 7) < 20" in str(asked[0].choices[0].filter_code)
    assert "ta.rsi(close, 14) < 20" in str(asked[1].choices[0].filter_code)
