"""What all shapes share: frozen, unknown fields refused on input, decimals as strings."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer


class Shape(BaseModel):
    """A frozen JSON object."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Input(BaseModel):
    """A request body: unknown fields are an error, so that a typo is not silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")

PEEKED = INTERVALS[1 : INTERVALS.index("1d") + 1]
"""Intervals whose forming candle may be looked at each minute: longer ones have more minutes than are held."""


def _known_interval(value: str) -> str:
    if value not in INTERVALS:
        raise ValueError(f"use one of {', '.join(INTERVALS)}")
    return value


Interval = Annotated[str, AfterValidator(_known_interval)]
"""A candle interval that is screened."""

DecimalString = Annotated[Decimal, PlainSerializer(lambda d: format(d, "f"), return_type=str, when_used="json")]
"""A price, quantity or sum of money; a plain decimal string in JSON."""
