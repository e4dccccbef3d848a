"""When a job that raised is taken again, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from procrastinate import jobs

from app.jobs import _Retries
from app.later import Later
from store.errors import DatabaseUnavailable, InvalidRow, NotFound


def failed(attempts: int) -> jobs.Job:
    return jobs.Job(
        id=1, queue="analysis", lock=None, queueing_lock=None, task_name="analyse_signal", attempts=attempts
    )


@pytest.mark.parametrize("attempts", [0, 3, 1_000])
def test_a_database_that_is_away_is_waited_for(attempts: int) -> None:
    decision = _Retries().get_retry_decision(exception=DatabaseUnavailable("away"), job=failed(attempts))
    assert decision is not None
    assert decision.retry_at is not None
    assert timedelta(0) < decision.retry_at - datetime.now(UTC) < timedelta(hours=1)


def test_what_another_try_does_not_mend_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    for error in (InvalidRow("a NUL"), NotFound("there is no such signal")):
        assert _Retries().get_retry_decision(exception=error, job=failed(0)) is not None
        assert _Retries().get_retry_decision(exception=error, job=failed(3)) is None
        assert str(error) in caplog.text


def test_a_defect_of_ours_is_not_tried_again() -> None:
    assert _Retries().get_retry_decision(exception=ZeroDivisionError(), job=failed(0)) is None


def test_a_handler_says_when() -> None:
    decision = _Retries().get_retry_decision(exception=Later(5, "the line broke"), job=failed(50))
    assert decision is not None
    assert decision.retry_at is not None
    assert decision.retry_at - datetime.now(UTC) <= timedelta(seconds=5)
