"""The only HTTP caller of the web app: one request to the API under `/api/v1`, its answer as a shape of `api.schemas`.

Failures have two types: `ApiUnreachable` when there was no answer, `ApiProblem` when the answer was a problem document
(RFC 9457).
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.schemas import Problem

DEFAULT_URL = "http://127.0.0.1:8000"
READ_TIMEOUT_S = 10.0
GENERATE_TIMEOUT_S = 240.0  # a model may be asked three times, a minute each

ShapeT = TypeVar("ShapeT", bound=BaseModel)
StepT = TypeVar("StepT", bound=BaseModel)


class ApiError(Exception):
    """A request that gave no result; `str()` is a sentence for the person at the screen."""


class ApiUnreachable(ApiError):
    """No answer: the API is down, starting, or at another address."""

    def __init__(self, base_url: str, reason: str) -> None:
        super().__init__(f"API not reachable at {base_url}: {reason}")
        self.base_url = base_url
        self.reason = reason


class ApiProblem(ApiError):
    """The API answered with a problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.problem.status


class Progress(BaseModel):
    """A step of generation that has ended, with its seconds; or, of `kind` text, a piece of the model's answer, where
    an empty piece says that the answer begins anew."""

    step: str = ""
    seconds: float = 0.0
    kind: Literal["step", "text"] = "step"
    text: str = ""


class Caller:
    """One request, its answer as a shape; safe to share between the sessions of one process.

    `base_url` and `token` default to `SCREENER_API_URL` and `SCREENER_TOKEN`; `transport` is for tests.
    """

    def __init__(
        self,
        base_url: str | None = None,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = (base_url or os.environ.get("SCREENER_API_URL") or DEFAULT_URL).rstrip("/")
        token = token if token is not None else os.environ.get("SCREENER_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=f"{self.base_url}/api/v1",
            headers=headers,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=2.0),
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        body: BaseModel | dict[str, Any] | None = None,
        timeout_s: float = READ_TIMEOUT_S,
    ) -> Any:
        content = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        timeout = httpx.Timeout(timeout_s, connect=2.0)
        try:
            response = self._http.request(method, path, params=params, json=content, timeout=timeout)
        except httpx.TimeoutException as error:
            raise ApiUnreachable(self.base_url, f"no answer within {timeout_s:g} s") from error
        except httpx.TransportError as error:
            raise ApiUnreachable(self.base_url, str(error) or type(error).__name__) from error
        if response.is_error:
            raise ApiProblem(_problem_of(response))
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise self._no_json() from error

    def _no_json(self) -> ApiUnreachable:
        return ApiUnreachable(self.base_url, "the answer is not JSON; is another program there?")

    def _one(self, shape: type[ShapeT], payload: Any) -> ShapeT:
        try:
            return shape.model_validate(payload)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            reason = f"{shape.__name__}.{place}: {first['msg']}; app and API may be of different versions"
            raise ApiUnreachable(self.base_url, reason) from error

    def _items(self, shape: type[ShapeT], payload: Any) -> tuple[ShapeT, ...]:
        rows = payload["items"] if isinstance(payload, dict) and "items" in payload else payload
        return tuple(self._one(shape, row) for row in rows or ())

    def _stream(
        self, path: str, body: dict[str, Any], shape: type[ShapeT], step: type[StepT]
    ) -> Iterator[StepT | ShapeT]:
        timeout = httpx.Timeout(GENERATE_TIMEOUT_S, connect=2.0)
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream("POST", path, json=body, headers=headers, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise ApiProblem(_problem_of(response))
                if "text/event-stream" not in response.headers.get("content-type", ""):
                    yield self._one(shape, json.loads(response.read()))
                    return
                for event, payload in _server_sent_events(response.iter_lines()):
                    if event == "progress":
                        yield self._one(step, payload)
                    elif event == "result":
                        yield self._one(shape, payload)
                    elif event == "error":
                        fields = {"title": "No filter", "status": 422, **payload}
                        raise ApiProblem(self._one(Problem, fields))
        except ValueError as error:
            raise self._no_json() from error
        except httpx.TimeoutException as error:
            raise ApiUnreachable(self.base_url, f"no answer within {GENERATE_TIMEOUT_S:g} s") from error
        except httpx.TransportError as error:
            raise ApiUnreachable(self.base_url, str(error) or type(error).__name__) from error


def _problem_of(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate(response.json())
    except (ValueError, ValidationError):
        text = response.text.strip()[:300]
        return Problem(title=response.reason_phrase, status=response.status_code, detail=text)


def _server_sent_events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pairs of event name and JSON object of a `text/event-stream` body; comments are dropped."""
    event, data = "message", ""
    for line in lines:
        if not line:
            if data:
                yield event, json.loads(data)
            event, data = "message", ""
        elif line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
    if data:
        yield event, json.loads(data)
