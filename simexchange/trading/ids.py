"""Numbers and names that the exchange hands out."""

from __future__ import annotations

import random
import re
import string
from typing import Final

#: What a client may call an order.
CLIENT_ID: Final = re.compile(r"[a-zA-Z0-9-_.:/]{1,36}")
_ALPHABET: Final = string.ascii_letters + string.digits


class Ids:
    """Rising numbers of each kind, and made-up client order ids; the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._last: dict[str, int] = {}

    def next(self, kind: str) -> int:
        """The next number of a kind (order, trade, execution, list), from 1."""
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]

    def name(self) -> str:
        """A client order id of 22 characters, as the exchange makes one up where the client gives none."""
        return "".join(self._random.choices(_ALPHABET, k=22))

    def token(self, length: int = 60) -> str:
        """A listen key."""
        return "".join(self._random.choices(_ALPHABET, k=length))
