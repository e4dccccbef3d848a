"""What the app asks about a strategy's settings."""

from typing import Any, TypeVar

from pydantic import BaseModel

from api.schemas import AnalysisSettingsOut

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class Tuning:
    """Requests about settings; all raise ApiProblem and ApiUnreachable."""

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str | int] | None = None,
        body: BaseModel | dict[str, Any] | None = None,
        timeout_s: float = 10.0,
    ) -> Any:
        raise NotImplementedError

    def _one(self, shape: type[ShapeT], payload: Any) -> ShapeT:
        raise NotImplementedError

    def change_analysis(self, strategy_id: str, changes: dict[str, Any]) -> AnalysisSettingsOut:
        """Change the settings given of how a strategy is analysed; None is the default. A wrong one is a 422."""
        return self._one(
            AnalysisSettingsOut, self._request("PATCH", f"/strategies/{strategy_id}/analysis", body=changes)
        )
