"""The proof that an invented whole number is no entry, whatever words stand beside it, and that counting is free."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from analysis import validate
from analysis.decision import Decision
from analysis.snapshot import Snapshot

from .digits import good_answer, market, read
from .whole_numbers import HONEST, MARKETS, invented, sentences, with_sentence

SNAPSHOTS = [
    market(seed, ("long", "short")[seed], price, tick).model_copy(update={"conditions": ()})
    for price, tick in MARKETS
    for seed in range(2)
]


def test_an_invented_whole_number_is_refused() -> None:
    rng = random.Random(11)
    tried: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    escaped = []
    for snapshot in SNAPSHOTS:
        answer = good_answer(snapshot)
        assert validate(read(answer), snapshot)[1].reasons == ()
        for kind, text in sentences(snapshot, rng):
            final, report = validate(read(with_sentence(answer, text)), snapshot)
            gone = final.decision == "bad_setup" and bool(report.reasons)
            tried[kind] += 1
            refused[kind] += gone
            if not gone:
                escaped.append((kind, snapshot.price, text))
    for kind in tried:
        print(kind, f"{refused[kind] / tried[kind]:.4f} of {tried[kind]}")
    print(*escaped, sep="\n")
    assert sum(tried.values()) > 900
    assert refused["price"] / tried["price"] >= 0.99
    for kind in ("far price", "percentage", "indicator"):
        assert refused[kind] / tried[kind] >= 0.97, kind


@pytest.mark.parametrize("text", HONEST)
def test_what_only_counts_is_no_reason(text: str) -> None:
    for snapshot in SNAPSHOTS:
        final, report = validate(read(with_sentence(good_answer(snapshot), text)), snapshot)
        assert (report.reasons, final.decision) == ((), "enter_trade"), snapshot.price


def own(snapshot: Snapshot, atrs: float) -> str:
    assert snapshot.atr is not None
    sign = 1 if snapshot.direction == "long" else -1
    return snapshot.text(snapshot.price + sign * atrs * snapshot.atr)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Strong resistance at {target} was tested five times.", False),
        ("A daily pivot stands at {target}.", False),
        ("The swing at {stop} held.", False),
        ("{target} was kept.", False),
        ("It leaves at {target}, the target.", True),
        ("The first target is {target}, the stop {stop}.", True),
        ("All out at {target}.", True),
        ("The stop stands below the swing low at {stop}.", True),
        ("Take profit at {target}; stop loss: {stop}.", True),
    ],
)
def test_a_price_of_the_plan_counts_where_it_is_called_so(text: str, good: bool) -> None:
    for snapshot in SNAPSHOTS:
        answer = good_answer(snapshot)
        answer["key_levels"] |= {"stop_loss": own(snapshot, -2.13), "take_profit": [own(snapshot, 5.37)]}
        answer["reasoning"] = "It has room."
        answer["trade_plan"] = {}
        if any(
            known is not None
            for known in (_known(snapshot, own(snapshot, 5.37)), _known(snapshot, own(snapshot, -2.13)))
        ):
            continue
        said = text.format(target=own(snapshot, 5.37), stop=own(snapshot, -2.13))
        final, report = validate(read(with_sentence(answer, said)), snapshot)
        assert (final.decision == "enter_trade") == good, (snapshot.price, said, report.reasons)


def _known(snapshot: Snapshot, price: str) -> str | None:
    return next((name for name, p in snapshot.prices().items() if snapshot.text(p) == price), None)


@pytest.mark.parametrize(
    "code",
    ["match = close < {n}", "match = crossunder(close, {n})", "match = close - {n} < 0", "match = close < {a} + {b}"],
)
def test_an_invented_whole_number_in_a_code_is_refused(code: str) -> None:
    snapshot = SNAPSHOTS[0]
    answer = good_answer(snapshot)
    taken = [round(p) for p in snapshot.prices().values()]
    n = next(n for n in range(round(snapshot.price * 0.9), 1000) if n not in taken)
    answer["trade_plan"]["invalidation_code"] = code.format(n=n, a=100, b=n - 100)
    final, report = validate(Decision.model_validate(answer), snapshot)
    assert final.decision == "bad_setup"
    assert any("code says" in reason for reason in report.reasons)


@pytest.mark.parametrize(
    "code",
    [
        "match = ta.rsi(close, 14) < 40",
        "match = close < ta.ema(close, 200) * 0.98",
        "match = close < lowest(low, 20)[1]",
        "match = ta.volume_ratio(20) > 3 and close < open",
    ],
)
def test_thresholds_factors_and_windows_in_a_code_are_no_prices(code: str) -> None:
    for snapshot in SNAPSHOTS:
        answer = good_answer(snapshot)
        answer["trade_plan"]["invalidation_code"] = code
        final, report = validate(Decision.model_validate(answer), snapshot)
        assert report.reasons == (), snapshot.price
        assert final.trade_plan.invalidation_code == code


@pytest.mark.parametrize(
    "text",
    [
        "支撑位在{n}，阻力位。",
        "サポートは{n}ドル",
        "Support stands at USD{n}.",
        "Support at S{n}.",
        "Support at {n}U.",
        "Support({n}) holds.",
        "EMA ({n}) holds.",
        "Since 2023-11-15 {n} has held.",
        "Support is at {t}E1.",
    ],
)
def test_ways_of_writing_an_invented_price_are_read(text: str) -> None:
    snapshot = SNAPSHOTS[4]
    [n] = invented(snapshot, random.Random(5), 1)
    final, report = validate(read(with_sentence(good_answer(snapshot), text.format(n=n, t=n / 10))), snapshot)
    assert final.decision == "bad_setup", report.checks


def test_a_price_without_its_leading_zero_is_read() -> None:
    snapshot = market(1, "long", 0.0282832, "0.0000001")
    for text in ("Support is at .02767.", "Support is at 2.7673E-2."):
        assert validate(read(with_sentence(good_answer(snapshot), text)), snapshot)[0].decision == "bad_setup"


def test_a_value_in_brackets_is_no_period() -> None:
    answer = with_sentence(good_answer(SNAPSHOTS[4]), "The RSI (12) is deeply oversold.")
    assert "12 of rsi" in validate(read(answer), SNAPSHOTS[4])[1].reasons[0]


def test_a_text_of_numbers_is_not_read_to_its_end() -> None:
    answer = with_sentence(good_answer(SNAPSHOTS[4]), "1 " * 1500)
    assert "more than 150 numbers" in validate(read(answer), SNAPSHOTS[4])[1].reasons[0]


def test_a_percentage_is_no_price() -> None:
    assert Decision.model_validate(
        {"decision": "wait", "confidence": "80%", "reasoning": "x", "key_levels": {"stop_loss": "42%", "entry": "42"}}
    ).key_levels.model_dump(include={"stop_loss", "entry"}) == {"stop_loss": None, "entry": 42.0}


@pytest.mark.parametrize("code", ["match = close > 0", "match = close < -5", "match = close < 27.01 * 100"])
def test_a_code_that_says_nothing_is_no_invalidation(code: str) -> None:
    answer = good_answer(SNAPSHOTS[4])
    answer["trade_plan"]["invalidation_code"] = code
    final, report = validate(read(answer), SNAPSHOTS[4])
    assert (final.decision, final.trade_plan.invalidation_code) == ("bad_setup", None), report.checks
