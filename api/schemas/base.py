"""What all shapes share: frozen, unknown fields refused on input, decimals as strings."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer


class Shape(BaseModel):
    """A frozen JSON object."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Input(BaseModel):
    """A request body: unknown fields are an error, so that a typo is not silently dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


DecimalString = Annotated[Decimal, PlainSerializer(lambda d: format(d, "f"), return_type=str, when_used="json")]
"""A price, quantity or sum of money; a plain decimal string in JSON."""
