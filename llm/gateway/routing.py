"""Which model answers an operation, with what temperature and limits, and which ones step in when it fails."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from llm.models import LanguageModel, ModelAnswer, ModelError, ModelRequest, total

Schema = TypeVar("Schema", bound=BaseModel)

MOST_TOKENS = 100_000


@dataclass(frozen=True, slots=True)
class Route:
    """How one operation is asked: None leaves what the request says. `model` is a name, "standard" or "fast";
    `timeout_s` is in seconds."""

    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: float | None = None


def parse_operations(text: str, known: Collection[str]) -> dict[str, Route]:
    """Routes by operation from "generate.filter=anthropic/x max_tokens=3000, analysis.decide=fast".

    `known` are the operations there are. Raises ValueError naming the part that is wrong.
    """
    found: dict[str, Route] = {}
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        first, *rest = part.split()
        operation, equals, model = first.partition("=")
        if not equals or not model:
            raise ValueError(
                f"'{part}' is not an operation's model: write operation=model, such as generate.filter=fast"
            )
        if operation not in known:
            raise ValueError(f"there is no operation '{operation}'; there are {', '.join(sorted(known))}")
        found[operation] = _limits(Route(model), rest)
    return found


def _limits(route: Route, words: list[str]) -> Route:
    for word in words:
        key, _, value = word.partition("=")
        number = _number(value)
        if key == "temperature" and 0 <= number <= 2:
            route = dataclasses.replace(route, temperature=number)
        elif key == "max_tokens" and 1 <= number <= MOST_TOKENS and number == int(number):
            route = dataclasses.replace(route, max_tokens=int(number))
        elif key == "timeout" and 0 < number < 86_400:
            route = dataclasses.replace(route, timeout_s=number)
        else:
            raise ValueError(
                f"'{word}' is not a limit: temperature=0 to 2, max_tokens=1 to {MOST_TOKENS}, timeout=seconds"
            )
    return route


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Routes:
    """The models of both tiers, the ones that step in, and what single operations are set to."""

    standard: str
    fast: str | None = None
    fallbacks: tuple[str, ...] = ()
    operations: Mapping[str, Route] = field(default_factory=dict)

    def chain(self, request: ModelRequest[Schema]) -> tuple[str, ...]:
        """The models to ask, in this order, each once."""
        route = self.operations.get(request.operation)
        wanted: str = route.model if route is not None and route.model else request.tier
        tiers: dict[str, str] = {"standard": self.standard, "fast": self.fast or self.standard}
        return tuple(dict.fromkeys((tiers.get(wanted, wanted), *self.fallbacks)))

    def adjusted(self, request: ModelRequest[Schema]) -> ModelRequest[Schema]:
        """The request with the temperature and limits that its operation is set to."""
        route = self.operations.get(request.operation)
        if route is None:
            return request
        return dataclasses.replace(
            request,
            temperature=request.temperature if route.temperature is None else route.temperature,
            max_tokens=route.max_tokens or request.max_tokens,
            timeout_s=min((t for t in (route.timeout_s, request.timeout_s) if t), default=None),
        )

    def only(self, name: str) -> Routes:
        """The same temperatures and limits with one model for everything."""
        alike = {key: dataclasses.replace(route, model=None) for key, route in self.operations.items()}
        return Routes(name, operations=alike)

    @property
    def names(self) -> tuple[str, ...]:
        """Every model that may be asked, each once."""
        single = (route.model for route in self.operations.values() if route.model not in (None, "standard", "fast"))
        named = (self.standard, self.fast, *self.fallbacks, *single)
        return tuple(dict.fromkeys(name for name in named if name))


class RoutedModel:
    """Asks the models of a request's chain in turn, each within its own time limit, until one answers.

    An answer that does not fit goes to the caller, who can have it mended; only a failure to answer moves on.
    """

    def __init__(self, routes: Routes, make: Callable[[str], LanguageModel]) -> None:
        self._routes = routes
        self._models = {name: make(name) for name in routes.names}

    @property
    def name(self) -> str:
        """The standard model's name."""
        return self._routes.standard

    async def complete(self, request: ModelRequest[Schema]) -> ModelAnswer[Schema]:
        """Answer by the first model that can; raises the last one's ModelError, with what all of them cost."""
        asked = self._routes.adjusted(request)
        failed: list[ModelError] = []
        for name in self._routes.chain(request):
            if failed and request.on_text is not None:
                request.on_text("")
            try:
                answer = await self._models[name].complete(asked)
            except ModelError as error:
                failed.append(error)
                if error.kind == "bad_answer" and error.answer:
                    break
            else:
                return _with_earlier(answer, failed) if failed else answer
        raise _last(failed)


def _with_earlier(answer: ModelAnswer[Schema], failed: list[ModelError]) -> ModelAnswer[Schema]:
    calls = answer.calls + sum(error.calls for error in failed)
    return dataclasses.replace(answer, fallback=True, calls=calls, **total([answer, *failed])._asdict())


def _last(failed: list[ModelError]) -> ModelError:
    """The last failure, as the first one's where all failed to answer: that is of the model that was meant."""
    error = failed[-1]
    if len(failed) > 1 and not error.answer:
        error = ModelError(
            f"{failed[0].reason} The fall-backs failed too; {error.model}: {error.reason}",
            kind=failed[0].kind,
            model=failed[0].model,
        )
    error.input_tokens, error.output_tokens, error.cost = total(failed)
    error.calls = sum(other.calls for other in failed)
    return error
