"""What the app asks about a strategy's settings, and what its person's tier allows."""

from typing import Any

from api.schemas import AnalysisSettingsOut, MeOut
from ui.caller import Caller


class Tuning(Caller):
    """Requests about settings and tiers; all raise ApiProblem and ApiUnreachable."""

    def change_analysis(self, strategy_id: str, changes: dict[str, Any]) -> AnalysisSettingsOut:
        """Change the settings given of how a strategy is analysed; None is the default. A wrong one is a 422."""
        return self._one(
            AnalysisSettingsOut, self._request("PATCH", f"/strategies/{strategy_id}/analysis", body=changes)
        )

    def me(self) -> MeOut:
        """The person who asks, with tier, limits and what is used of them today."""
        return self._one(MeOut, self._request("GET", "/me"))
