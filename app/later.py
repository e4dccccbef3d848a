"""Work that cannot be done now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Later(Exception):
    """Raised by a job's handler: the job is taken again in `seconds` of real time, or with growing pauses where it is
    None. `at` is when, in UTC.
    """

    def __init__(self, seconds: float | None, reason: str) -> None:
        super().__init__(reason)
        self.at = None if seconds is None else datetime.now(UTC) + timedelta(seconds=max(0.0, seconds))
