"""A filter's conditions with their values."""

from api.schemas.base import Shape


class ConditionRow(Shape):
    """One condition with both sides' values on the candle; `value` None is unknown."""

    name: str = ""
    text: str
    left: float | None = None
    op: str | None = None
    right: float | None = None
    value: bool | None = None
    reading: str = ""
