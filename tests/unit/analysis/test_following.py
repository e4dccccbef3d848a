"""Plans followed over candles that come late, never, or again after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest

from analysis.following import Floats, Following, Start
from analysis.outcomes import Outcome

MINUTE = 60_000
PATIENCE = 3 * MINUTE
SYMBOLS = ("AUSDT", "BUSDT", "CUSDT")


class Tape:
    """Minutes `[4, minutes, symbols]` that may be withheld."""

    def __init__(self, minutes: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, (minutes, len(SYMBOLS))), axis=0))
        opens = np.vstack([np.full((1, len(SYMBOLS)), 100.0), closes[:-1]])
        reach = rng.exponential(0.003, (2, minutes, len(SYMBOLS)))
        highs, lows = np.maximum(opens, closes) * (1 + reach[0]), np.minimum(opens, closes) * (1 - reach[1])
        self.rows = np.stack([opens, highs, lows, closes])
        self.absent: set[tuple[int, str]] = set()

    def read(self, first: int, count: int, symbols: Sequence[str]) -> Floats:
        start = first // MINUTE
        found = np.full((4, count, len(symbols)), np.nan)
        for column, name in enumerate(symbols):
            for i in range(count):
                if name in SYMBOLS and 0 <= start + i < self.rows.shape[1] and (start + i, name) not in self.absent:
                    found[:, i, column] = self.rows[:, start + i, SYMBOLS.index(name)]
        return found


def starts(count: int = 30) -> list[Start]:
    rng = np.random.default_rng(2)
    found = []
    for n in range(count):
        since, long, width = int(rng.integers(0, 50)) * MINUTE, bool(n % 2), float(rng.uniform(0.3, 6))
        stop, target = (100 - width, 100 + 2 * width) if long else (100 + width, 100 - 2 * width)
        side: Literal["long", "short"] = "long" if long else "short"
        found.append(Start(str(n), SYMBOLS[n % 3], side, 100.0, stop, target, since, since + 90 * MINUTE))
    return found


def by_key(found: Sequence[Outcome]) -> dict[str, Outcome]:
    assert len({o.key for o in found}) == len(found), "an outcome came twice"
    return {o.key: o for o in found}


def straight(tape: Tape) -> dict[str, Outcome]:
    following = Following(tape.read, fee_bps=5)
    following.add(starts())
    return by_key(following.advance(150 * MINUTE))


def test_all_of_it_at_once_or_a_minute_at_a_time_is_the_same() -> None:
    tape = Tape(150)
    expected = straight(tape)
    assert {o.state for o in expected.values()} == {"stop", "target", "timeout", "invalid"} and len(expected) == 30
    following = Following(tape.read, fee_bps=5, patience_ms=PATIENCE)
    following.add(starts())
    found: list[Outcome] = []
    for minute in range(1, 151):
        found += following.advance(minute * MINUTE)
    assert by_key(found) == expected
    assert len(following) == 0 and "0" not in following


def test_a_minute_that_comes_late_counts_as_if_it_had_come_in_time() -> None:
    tape = Tape(150)
    expected = straight(tape)
    following = Following(tape.read, fee_bps=5, patience_ms=PATIENCE)
    following.add(starts())
    found: list[Outcome] = []
    for minute in range(1, 155):
        # Every fifth minute of one symbol comes three minutes after its time.
        tape.absent = {(m, "AUSDT") for m in range(minute - 3, minute) if m % 5 == 0}
        found += following.advance(minute * MINUTE)
    assert by_key(found) == expected


def test_what_never_comes_is_done_without() -> None:
    tape = Tape(150)
    tape.absent = {(m, "AUSDT") for m in range(60, 70)}
    following = Following(tape.read, fee_bps=5, patience_ms=PATIENCE)
    start = Start("a", "AUSDT", "long", 100.0, 1.0, 9_000.0, 0, 65 * MINUTE)
    following.add([start])
    assert following.advance(70 * MINUTE) == []
    # Its time is over at the first candle after the hole, which is reached when the hole's end is given up.
    [found] = following.advance(73 * MINUTE)
    assert (found.state, found.closed_at) == ("timeout", 71 * MINUTE)
    assert found.price == pytest.approx(tape.rows[3, 70, 0])


def test_after_a_kill_it_goes_on_from_what_was_saved() -> None:
    tape = Tape(150)
    expected = straight(tape)
    first = Following(tape.read, fee_bps=5)
    first.add(starts())
    done = first.advance(60 * MINUTE)
    saved = {o.key: o for o in first.plans.unsaved(0, 1_000)}
    # The life ends thirteen minutes later: what it settled since is lost, and settled again.
    first.advance(73 * MINUTE)
    again = []
    for s in starts():
        if s.key not in by_key(done):
            at = saved.get(s.key)
            kept = {"since": at.closed_at, "best_r": at.mfe_r, "worst_r": at.mae_r, "filled": at.filled} if at else {}
            again.append(Start(**{**{f: getattr(s, f) for f in s.__slots__}, **kept}))
    second = Following(tape.read, fee_bps=5)
    second.add(again)
    found = by_key([*done, *second.advance(150 * MINUTE)])
    assert found.keys() == expected.keys()
    for key, outcome in found.items():
        wanted = expected[key]
        assert (outcome.state, outcome.closed_at, outcome.price) == (wanted.state, wanted.closed_at, wanted.price)
        assert (outcome.mfe_r, outcome.mae_r) == pytest.approx((wanted.mfe_r, wanted.mae_r))


def test_what_was_told_is_not_told_again_and_the_oldest_comes_first() -> None:
    tape = Tape(150)
    following = Following(tape.read)
    wide = [Start(str(n), "AUSDT", "long", 100.0, 1.0, 9_000.0, n * MINUTE, 200 * MINUTE) for n in range(10)]
    following.add(wide)
    following.advance(30 * MINUTE)
    assert following.plans.unsaved(31 * MINUTE, 5) == []
    assert {o.key for o in following.plans.unsaved(21 * MINUTE, 4)} == {"0", "1", "2", "3"}
    assert {o.key for o in following.plans.unsaved(21 * MINUTE, 100)} == {"4", "5", "6", "7", "8", "9"}
    assert following.plans.unsaved(1, 100) == []


def test_silent_plans_are_named_and_dropped() -> None:
    following = Following(Tape(150).read, patience_ms=PATIENCE)
    gone = Start("gone", "XUSDT", "long", 100.0, 90.0, 120.0, 0, 200 * MINUTE)
    here = Start("here", "AUSDT", "long", 100.0, 1.0, 9_000.0, 0, 200 * MINUTE)
    following.add([gone, here])
    following.advance(100 * MINUTE)
    assert following.plans.silent(30 * MINUTE) == ["gone"]
    following.drop(["gone"])
    assert len(following) == 1 and "gone" not in following and following["here"] == here


def test_a_plan_that_no_candle_opens_with_is_refused() -> None:
    following = Following(Tape(5).read)
    with pytest.raises(ValueError, match="no candle opens then"):
        following.add([Start("a", "AUSDT", "long", 100.0, 90.0, 120.0, 1, 200 * MINUTE)])
