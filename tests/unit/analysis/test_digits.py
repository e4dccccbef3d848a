"""The proof that grounding grips: good answers pass, and with one digit of one cited number changed they do not."""

from __future__ import annotations

import random
from collections import Counter

from analysis.grounding import validate

from .digits import MARKETS, changes, good_answer, market, read


def test_one_changed_digit_of_a_cited_number_is_refused() -> None:
    rng = random.Random(7)
    tried: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    for price, tick in MARKETS:
        for seed in range(2):
            for direction in ("long", "short"):
                snapshot = market(seed, direction, price, tick)
                answer = good_answer(snapshot)
                final, report = validate(read(answer), snapshot)
                assert report.reasons == (), (price, seed, direction)
                assert final.decision == "enter_trade"
                assert final.trade_plan.invalidation_code is not None
                for changed in changes(answer, rng):
                    final, report = validate(read(changed.answer), snapshot)
                    gone = final.decision == "bad_setup" and bool(report.reasons)
                    place = "last" if changed.place == changed.places else str(changed.place)
                    for key in (("all", "all"), ("place", place), ("field", changed.field), (f"tick {tick}", "all")):
                        tried[key] += 1
                        refused[key] += gone
    shares = {key: refused[key] / count for key, count in sorted(tried.items())}
    for key, share in shares.items():
        print(*key, f"{share:.4f} of {tried[key]}")
    assert tried["all", "all"] > 1500
    assert shares["all", "all"] >= 0.98
    assert shares["place", "1"] >= 0.99
    assert shares["place", "last"] >= 0.94
