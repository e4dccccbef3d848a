"""What the app asks about stored strategies: what they are at, whether they run, their settings; and what one's tier
allows."""

from typing import Any

from api.schemas import AnalysisSettingsOut, MeOut, StrategyActivityOut, StrategyDetail, StrategyIn, StrategyOut
from ui.caller import Caller

CHECK_TIMEOUT_S = 60.0


class Tuning(Caller):
    """Requests about strategies that are stored, and tiers; all raise ApiProblem and ApiUnreachable."""

    def strategy(self, strategy_id: str) -> StrategyDetail:
        """One strategy, with what was found when it was last to be enabled."""
        return self._one(StrategyDetail, self._request("GET", f"/strategies/{strategy_id}"))

    def activity(self) -> dict[str, StrategyActivityOut]:
        """What each strategy is at, by its id."""
        found = self._items(StrategyActivityOut, self._request("GET", "/strategies/activity"))
        return {row.strategy_id: row for row in found}

    def change_strategy(self, strategy_id: str, strategy: StrategyIn) -> StrategyDetail:
        """Replace a strategy's definition: another version of the same one.

        Raises ApiProblem 409 with the findings where it may not run, and where another version was stored meanwhile.
        """
        payload = self._request("PUT", f"/strategies/{strategy_id}", body=strategy, timeout_s=CHECK_TIMEOUT_S)
        return self._one(StrategyDetail, payload)

    def rename(self, strategy_id: str, name: str) -> StrategyOut:
        """Call a strategy something else; it runs on."""
        return self._one(StrategyOut, self._request("PATCH", f"/strategies/{strategy_id}", body={"name": name}))

    def enable(self, strategy_id: str, *, confirm: bool = False) -> StrategyDetail:
        """Check a strategy, then let it run. Raises ApiProblem 409 with the findings where it may not, or not without
        `confirm`.
        """
        body = {"confirm": confirm}
        payload = self._request("POST", f"/strategies/{strategy_id}/enable", body=body, timeout_s=CHECK_TIMEOUT_S)
        return self._one(StrategyDetail, payload)

    def pause(self, strategy_id: str) -> StrategyOut:
        """Stop a strategy; its signals and positions stay."""
        return self._one(StrategyOut, self._request("POST", f"/strategies/{strategy_id}/pause"))

    def delete_strategy(self, strategy_id: str) -> None:
        """Delete a strategy with its signals; orders and positions stay."""
        self._request("DELETE", f"/strategies/{strategy_id}")

    def change_analysis(self, strategy_id: str, changes: dict[str, Any]) -> AnalysisSettingsOut:
        """Change the settings given of how a strategy is analysed; None is the default. A wrong one is a 422."""
        return self._one(
            AnalysisSettingsOut, self._request("PATCH", f"/strategies/{strategy_id}/analysis", body=changes)
        )

    def me(self) -> MeOut:
        """The person who asks, with tier, limits and what is used of them today."""
        return self._one(MeOut, self._request("GET", "/me"))
