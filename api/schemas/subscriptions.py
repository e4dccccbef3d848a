"""A person's terms for following a strategy."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from api.schemas.base import DecimalString, Input, Shape


class SubscriptionIn(Input):
    """Body of POST `/subscriptions`: one for each strategy. `capital` is in quote currency."""

    strategy_id: UUID
    capital: DecimalString = Field(gt=0)
    manage: bool = Field(True, strict=True)


class SubscriptionChange(Input):
    """Body of PATCH `/subscriptions/{id}`. `manage`: one's open positions of that strategy are decided on."""

    manage: bool = Field(strict=True)


class SubscriptionOut(Shape):
    """A subscription as stored."""

    id: str
    strategy_id: str
    capital: DecimalString
    manage: bool
    paused: bool
    created_at: datetime
