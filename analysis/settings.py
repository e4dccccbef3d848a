"""What a strategy sets about its analyses, validated in one place.

A strategy keeps these as JSON (`strategies.analysis`); what it does not say has the value given here. What a person
sends goes through `checked`, what was stored through `AnalysisSettings.of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_BARS: Final = 1_000
MAX_ASKS: Final = 5

Style = Literal["careful", "balanced", "bold"]


class AnalysisSettingsError(ValueError):
    """A strategy's analysis settings are not usable; the message names the first wrong one and why, `wrong` all of
    them, by name.
    """

    def __init__(self, wrong: Mapping[str, str]) -> None:
        self.wrong = dict(wrong)
        name, why = next(iter(self.wrong.items()))
        super().__init__(f"analysis.{name}: {why}")


class AnalysisSettings(BaseModel):
    """How a strategy's signals are analysed.

    - `bars`: candles shown to the model; measures are taken of more.
    - `tier`: how good a model is asked; `models` names others, in the order in which they are asked in turn.
    - `asks`: how many answers are asked for each analysis; more than one is a vote (`analysis.agreement`).
    - `concurrency`: analyses of this strategy under way at once; `auto`: without being asked for.
    - `recheck`: candles after which the model is asked again about a signal that waits, where nothing tripped before;
      `expires`: candles after which such a signal is given up.
    - `style`: how readily a trade is entered. It moves no limit of the checks.
    - `manage`: whether its open positions are decided on; stop, target and the filter's own exit go on without.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    bars: int = Field(default=100, ge=1, le=MAX_BARS)
    tier: Literal["standard", "fast"] = "standard"
    concurrency: int = Field(default=4, ge=1, le=10)
    auto: bool = True
    asks: int = Field(default=1, ge=1, le=MAX_ASKS)
    models: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=120)], ...], Field(strict=False)
    ] = Field(default=(), max_length=MAX_ASKS)
    recheck: int = Field(default=4, ge=1, le=500)
    expires: int = Field(default=20, ge=1, le=500)
    style: Style = "balanced"
    manage: bool = True

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> AnalysisSettings:
        """The settings in a strategy's JSON; keys it does not know are ignored, null is the default.

        Raises AnalysisSettingsError for a value of the wrong type or outside its bounds.
        """
        try:
            return cls.model_validate({k: v for k, v in (stored or {}).items() if v is not None})
        except ValidationError as error:
            raise AnalysisSettingsError(_wrong(error)) from error


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a person sends them: returned as given, null (the default) included, once each of them is usable.

    Raises AnalysisSettingsError, also for a name there is no setting of.
    """
    known = AnalysisSettings.model_fields
    wrong = {name: f"there is no such setting; use {', '.join(known)}" for name in given if name not in known}
    try:
        AnalysisSettings.of(given)
    except AnalysisSettingsError as error:
        wrong |= error.wrong
    if wrong:
        raise AnalysisSettingsError(wrong)
    return dict(given)


def _wrong(error: ValidationError) -> dict[str, str]:
    return {".".join(str(part) for part in e["loc"]): e["msg"].lower() for e in error.errors(include_url=False)}
