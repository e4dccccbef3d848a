"""What can go wrong between the program and its database, as types a caller can tell apart."""

from __future__ import annotations

from datetime import datetime


class StoreError(Exception):
    """Base of every error this package raises on purpose; its text is fit to show to a person."""


class DatabaseUnavailable(StoreError):
    """The database cannot be reached, or the connection was lost; trying again later may succeed."""


class EmbeddedPostgresError(StoreError):
    """The embedded server cannot be set up or started."""


class MigrationError(StoreError):
    """The schema cannot be brought up to date."""


class NotFound(StoreError):
    """There is no such row, or the asking person may not see it."""


class StateConflict(StoreError):
    """The row is in a state that does not allow the change."""


class NotAllowed(StoreError):
    """Row-level security refused the change."""


class LimitReached(StoreError):
    """A person's tier allows no more; `resets` is when it begins anew, None where it does not by itself."""

    def __init__(self, message: str, resets: datetime | None = None) -> None:
        super().__init__(message)
        self.resets = resets


class Duplicate(StoreError):
    """A row with the same unique name is there already."""


class InvalidRow(StoreError):
    """A value breaks a rule that the database checks."""
