"""What an analysis may say: the shape that a model fills and the checks later correct.

Numbers are read leniently, since models write "3,120.5" or "N/A": what is no finite number becomes None and
fails later, with a reason, where a level was needed.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Choice = Literal["enter_trade", "wait", "bad_setup"]

MOST_CANDLES: Final = 500
"""A wait may ask for so many candles at most; a number beyond is read as none."""

_NUMBER: Final = re.compile(
    r"^\$?\s*(?P<digits>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)\s*(?:[A-Z]{3,5}|%)?$"
)

# What no database takes, nor a screen shows: control characters and halves of surrogate pairs. Models write both.
_UNSTORABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def read_number(value: object) -> float | None:
    """A finite number from a number or from text like "3,120.5" or "$0.021"; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    if isinstance(value, str):
        match = _NUMBER.match(text)
        text = match["digits"].replace(",", "") if match else ""
    try:
        number = float(text)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _read_numbers(value: object) -> object:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def read_choice(value: object) -> object:
    """A choice as models write it, like "Enter trade", in the words of its kind; anything else as it is."""
    return re.sub(r"[\s-]+", "_", value.strip().lower()) if isinstance(value, str) else value


def _read_confidence(value: object) -> object:
    number = read_number(value)
    if number is None:
        return value
    # Asked for 0 to 100, models sometimes answer with a fraction.
    return round(number * 100) if 0 < number < 1 else round(number)


def _read_text(value: object) -> object:
    return _UNSTORABLE.sub("", value) if isinstance(value, str) else "" if value is None else value


def _read_code(value: object) -> object:
    return _UNSTORABLE.sub("", value).strip() or None if isinstance(value, str) else None


def _read_count(value: object) -> object:
    number = read_number(value)
    return round(number) if number is not None and 1 <= number <= MOST_CANDLES else None


def _read_price(value: object) -> float | None:
    """As `read_number`; a percentage is no price."""
    return None if isinstance(value, str) and "%" in value else read_number(value)


Number = Annotated[float | None, BeforeValidator(_read_price)]
Numbers = Annotated[tuple[Number, ...], BeforeValidator(_read_numbers)]
Text = Annotated[str, BeforeValidator(_read_text)]
Reasoning = Annotated[Text, Field(min_length=1, description="Two to five plain sentences")]
Confidence = Annotated[int, Field(ge=0, le=100), BeforeValidator(_read_confidence)]
Code = Annotated[str | None, BeforeValidator(_read_code)]
Count = Annotated[int | None, BeforeValidator(_read_count)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=4_000)


class TradePlan(_Part):
    """The plan in words. `risk_reward` is replaced by the computed one.

    `trigger_code` and `invalidation_code` are filter programs for the symbol on the strategy's interval:
    when a wait becomes an entry, and when the idea is dead. Codes that the checks refuse become None.
    """

    setup: Text = Field(default="", description="What the market is doing and why this is or is not a trade")
    execution: Text = Field(default="", description="How to enter, and where to leave")
    invalidation: Text = Field(default="", description="What would prove the idea wrong")
    trigger_code: Code = Field(default=None, description="For a wait: a filter program, true when to look again")
    invalidation_code: Code = Field(default=None, description="A filter program, true when the idea is wrong")
    expires_candles: Count = Field(default=None, description="For a wait: candles after which it is given up")
    risk_reward: Number = Field(default=None, description="Net gain at the first target over loss at the stop")


class KeyLevels(_Part):
    """Prices in the quote asset. Targets are nearest first once checked."""

    entry: Number = Field(
        default=None, description="`price`, as entries are at market; for a wait, the price to wait for, if any"
    )
    stop_loss: Number = Field(default=None, description="Where the idea is wrong")
    take_profit: Numbers = Field(default=(), description="One to three targets, nearest first")
    support: Numbers = Field(default=(), description="Copied from the supports given, nothing else")
    resistance: Numbers = Field(default=(), description="Copied from the resistances given, nothing else")


class Decision(_Part):
    """A decision as proposed or, after the checks, as it stands. `confidence` is 0 to 100."""

    decision: Annotated[Choice, BeforeValidator(read_choice)]
    confidence: Confidence
    reasoning: Reasoning
    trade_plan: TradePlan = TradePlan()
    key_levels: KeyLevels = KeyLevels()

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")
