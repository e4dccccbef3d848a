"""The person who asks, tiers, and what is used of them."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import DecimalString, Input, Shape


class TierOut(Shape):
    """What a tier allows; None is no limit of its own. `engine_cost` are nodes at each step, spend is in US dollars."""

    name: str
    custom_strategies: int | None
    engine_cost: int | None
    analyses_a_day: int | None
    spend_a_day: DecimalString | None
    automatic_analysis: bool
    execution: bool
    live: bool


class TierIn(Input):
    """Body of PATCH `/tiers/{name}`: what is named changes, None takes a limit away."""

    custom_strategies: int | None = Field(None, ge=0)
    engine_cost: int | None = Field(None, ge=0)
    analyses_a_day: int | None = Field(None, ge=0)
    spend_a_day: DecimalString | None = Field(None, ge=0)
    automatic_analysis: bool = Field(False, strict=True)
    execution: bool = Field(False, strict=True)
    live: bool = Field(False, strict=True)


class MeOut(Shape):
    """`GET /me`: the tier's limits and what is used of them; `resets` is when the day ends (real time, UTC). An
    `administrator` enables and pauses the built-in strategies.
    """

    id: str
    display_name: str | None
    tier: TierOut
    administrator: bool = False
    analyses_today: int
    custom_strategies: int
    resets: datetime
