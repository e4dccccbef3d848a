"""What the app asks a model for: a strategy from a sentence, a filter from edited conditions, a filter in words."""

from collections.abc import Iterator
from typing import Any

from api.schemas import ExplanationOut, GeneratedFilterOut, GeneratedStrategyOut
from ui.caller import Caller, Progress


class Generating(Caller):
    """The `/generate` paths of the API: each gives its steps as they end, then the answer as the last item.

    All raise ApiProblem where nothing came out, with what was not understood, and ApiUnreachable.
    """

    def generate(
        self, sentence: str, interval: str | None = None, model: str | None = None
    ) -> Iterator[Progress | GeneratedStrategyOut]:
        """A strategy from a sentence."""
        body: dict[str, Any] = {"prompt": sentence}
        if interval:
            body["interval"] = interval
        if model:
            body["model"] = model
        return self._stream("/generate/strategy", body, GeneratedStrategyOut, Progress)

    def regenerate(
        self, conditions: tuple[str, ...], filter_code: str, interval: str, direction: str, sentence: str = ""
    ) -> Iterator[Progress | GeneratedFilterOut]:
        """The filter for conditions that were edited; what was not edited stays."""
        body = {
            "conditions": list(conditions),
            "filter_code": filter_code,
            "interval": interval,
            "direction": direction,
            "prompt": sentence,
        }
        return self._stream("/generate/regenerate", body, GeneratedFilterOut, Progress)

    def explain_filter(
        self, filter_code: str, interval: str, direction: str, sentence: str = ""
    ) -> Iterator[Progress | ExplanationOut]:
        """A filter in the model's words."""
        body = {"filter_code": filter_code, "interval": interval, "direction": direction, "prompt": sentence}
        return self._stream("/generate/explain", body, ExplanationOut, Progress)

    def mend(
        self, filter_code: str, error: str, interval: str, direction: str, sentence: str = ""
    ) -> Iterator[Progress | GeneratedFilterOut]:
        """A filter without the error it has; what was changed is told line by line, or condition by condition."""
        body = {
            "filter_code": filter_code,
            "error": error,
            "interval": interval,
            "direction": direction,
            "prompt": sentence,
        }
        return self._stream("/generate/mend", body, GeneratedFilterOut, Progress)
