"""A request's parameters, read by name and kind; what is malformed is refused as Binance does."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Final

from simexchange import errors
from simexchange.futures.errors import refused

_WHOLE: Final = "^[0-9]{1,20}$"
_DECIMAL: Final = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
_LARGEST: Final = 2**63 - 1
_MOST_MS: Final = 10**14


class Parameters:
    """Values by name, as sent."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return bool(self._values.get(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def text(self, name: str) -> str | None:
        """A value; None where it was not sent, or empty."""
        return self._values.get(name) or None

    def need(self, name: str) -> str:
        """A value that must be there. Raises -1102."""
        value = self.text(name)
        if value is None:
            raise errors.missing_parameter(name)
        return value

    def whole(self, name: str) -> int | None:
        """A whole number. Raises -1100."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(_WHOLE, value) or int(value) > _LARGEST:
            raise errors.illegal_characters(name, _WHOLE)
        return int(value)

    def decimal(self, name: str) -> Decimal | None:
        """A number that is not negative. Raises -1100."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(_DECIMAL, value):
            raise errors.illegal_characters(name, _DECIMAL)
        return Decimal(value)

    def flag(self, name: str) -> bool:
        """true or false in any case; false where it was not sent. Raises -1100."""
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false"):
            raise errors.illegal_characters(name, "true,false")
        return value == "true"

    def choice(self, name: str, choices: Collection[str], code: int, usual: str | None = None) -> str:
        """One of some words. Raises -1102 where it was not sent and nothing is usual, `code` for another word."""
        value = self.text(name) or usual
        if value is None:
            raise errors.missing_parameter(name)
        if value not in choices:
            raise refused(code, value)
        return value

    def limit(self, usual: int, most: int) -> int:
        """How many rows are asked for. Raises -1130 for none or too many."""
        limit = self.whole("limit")
        if limit is None:
            return usual
        if not 0 < limit <= most:
            raise errors.bad_value("limit")
        return limit

    def times(self) -> tuple[int | None, int | None]:
        """startTime and endTime, ms. Raises -1023 where they are the wrong way round, -1130 where absurd."""
        start, end = self.whole("startTime"), self.whole("endTime")
        for name, value in (("startTime", start), ("endTime", end)):
            if value is not None and value > _MOST_MS:
                raise errors.bad_value(name)
        if start is not None and end is not None and start > end:
            raise refused(-1023)
        return start, end
