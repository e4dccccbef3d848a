"""Listen keys: names of the private stream, which a client has to keep alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simexchange.futures.errors import refused

#: How long a key lives that nobody extends, in real seconds: clients keep it alive by their own clock.
LIFE_SECONDS: Final = 3_600.0


class ListenKeys:
    """The account's key, at most one at a time; `seconds` is a clock that only rises."""

    def __init__(self, make: Callable[[], str], seconds: Callable[[], float]) -> None:
        self._make = make
        self._seconds = seconds
        self._key: str | None = None
        self._until = 0.0

    @property
    def key(self) -> str | None:
        """The key in force."""
        return self._key

    def open(self) -> str:
        """The key in force, or a new one; it lives on from now."""
        if self._key is None or self._seconds() >= self._until:
            self._key = self._make()
        self._until = self._seconds() + LIFE_SECONDS
        return self._key

    def extend(self) -> str:
        """Let the key live on. Raises -1125 where there is none."""
        if self._key is None or self._seconds() >= self._until:
            raise refused(-1125)
        return self.open()

    def close(self) -> None:
        """Give the key up. Raises -1125 where there is none."""
        self.extend()
        self._key = None

    def expire(self) -> str | None:
        """The key that has run out since this was last asked, if one has; it is in force no more."""
        if self._key is None or self._seconds() < self._until:
            return None
        ended, self._key = self._key, None
        return ended
