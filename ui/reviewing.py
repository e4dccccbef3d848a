"""What the app asks about decisions: analyses with what they could cite, positions, what became of signals, costs."""

from datetime import datetime

from api.schemas import AnalysisOut, CostsOut, OutcomeSummary, PositionDetail, SignalOutcome, SnapshotOut
from ui.caller import Caller

RECORD_TIMEOUT_S = 30.0


class Reviewing(Caller):
    """Reading requests about decisions; all raise ApiProblem and ApiUnreachable."""

    def analyses(self, signal_id: str) -> tuple[AnalysisOut, ...]:
        """Every analysis of a signal and of its position, newest first."""
        return self._items(AnalysisOut, self._request("GET", f"/signals/{signal_id}/analyses"))

    def snapshot(self, analysis_id: str) -> SnapshotOut:
        """What an analysis could cite; it never changes."""
        return self._one(SnapshotOut, self._request("GET", f"/analyses/{analysis_id}/snapshot"))

    def signal_outcome(self, signal_id: str) -> SignalOutcome:
        """What became of a signal on its plans."""
        return self._one(SignalOutcome, self._request("GET", f"/signals/{signal_id}/outcome"))

    def position(self, position_id: str) -> PositionDetail:
        """A position with what it is held for and each decision on it."""
        return self._one(PositionDetail, self._request("GET", f"/positions/{position_id}"))

    def outcomes(self, since: datetime | None = None, strategy_id: str = "") -> OutcomeSummary:
        """The track record of signals whose candle closed since a moment (market time)."""
        payload = self._request("GET", "/outcomes", params=_params(since, strategy_id), timeout_s=RECORD_TIMEOUT_S)
        return self._one(OutcomeSummary, payload)

    def costs(self, since: datetime | None = None, strategy_id: str = "") -> CostsOut:
        """What analyses cost since a moment (real time)."""
        payload = self._request("GET", "/analyses/costs", params=_params(since, strategy_id))
        return self._one(CostsOut, payload)


def _params(since: datetime | None, strategy_id: str) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    if since is not None:
        found["since"] = since.isoformat()
    if strategy_id:
        found["strategy_id"] = strategy_id
    return found
