"""Numbers and words as the screens show them."""

from datetime import UTC, datetime

import pytest

from ui.components import signal_parts, text
from ui.components.signal_parts import Levels


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.2, "+1.20"), (-0.3, "−0.30"), (0.0, "0.00"), (-0.001, "0.00"), (1234.5, "+1,234.50")],
)
def test_profit_always_has_a_sign_except_zero(value: float, shown: str) -> None:
    assert text.signed(value) == shown


@pytest.mark.parametrize(
    ("price", "shown"),
    [(77231.0, "77,231.00"), (9.229, "9.2290"), (0.2451, "0.24510"), (0.00001234, "0.00001234"), (None, "·")],
)
def test_prices_keep_about_six_significant_digits(price: float | None, shown: str) -> None:
    assert text.price(price) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-5, "0 s"), (42, "42 s"), (420, "7m"), (4020, "1h 07m"), (90000, "1d 1h")]
)
def test_ages(seconds: float, shown: str) -> None:
    assert text.age(seconds) == shown


def test_what_goes_into_markup_is_escaped() -> None:
    assert "<script>" not in text.banner("warn", "help", "<script>alert(1)</script>", '"><img>')


def test_profit_in_units_of_risk_follows_the_side() -> None:
    assert Levels(100.0, 98.0, (104.0,)).r_of(103.0, "long") == pytest.approx(1.5)
    assert Levels(100.0, 102.0, (96.0,)).r_of(103.0, "short") == pytest.approx(-1.5)
    assert Levels(100.0, None, ()).r_of(103.0, "long") is None


def test_a_decision_is_named_by_the_state_that_says_more() -> None:
    assert text.decision_tag("in_position", "enter_trade")[0] == "In position"
    assert text.decision_tag("rejected", "bad_setup")[0] == "Bad setup"
    assert text.decision_tag("new", None)[0] == "New"
    assert text.decision_tag("something_else", None)[0] == "Something else"


def test_levels_read_numbers_and_decimal_strings() -> None:
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    from api.schemas import AnalysisOut

    analysis = AnalysisOut(
        id="a",
        decision="enter_trade",
        confidence=70,
        reasoning="r",
        trade_plan={},
        key_levels={"stop_loss": "98.5", "take_profit": [103, None, "106"]},
        grounding={},
        model="m",
        latency_ms=1,
        created_at=moment,
    )
    levels = signal_parts.levels_of(analysis, 100.0)
    assert (levels.entry, levels.stop, levels.targets) == (100.0, 98.5, (103.0, 106.0))


def test_counts_in_few_letters() -> None:
    assert [text.brief(n) for n in (0, 734, 999, 1_000, 1_249, 9_949, 9_950, 48_400)] == [
        "0", "734", "999", "1.0k", "1.2k", "9.9k", "10k", "48k"
    ]  # fmt: skip
