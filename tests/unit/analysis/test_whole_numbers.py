"""The proof that an invented whole number is no entry, whatever words stand beside it, and that counting is free."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from analysis import validate
from analysis.decision import Decision
from analysis.snapshot import Snapshot

from .digits import good_answer, market, read
from .whole_numbers import HONEST, MARKETS, sentences, with_sentence

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
