"""A benchmark's result: one row, printed as `name value unit peer ratio` with what else is known behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Detail: TypeAlias = float | int | str | bool | None


@dataclass(frozen=True)
class Row:
    """`peer` is what the best other way needs, or a limit, in the same unit. `failure` says why a result is wrong."""

    name: str
    value: float
    unit: str
    peer: float | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
    failure: str | None = None

    @property
    def ratio(self) -> float | None:
        """How many times more the peer needs."""
        return self.peer / self.value if self.peer is not None and self.value else None

    def record(self) -> dict[str, Any]:
        """The row for JSON."""
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "peer": rounded(self.peer),
            "ratio": rounded(self.ratio),
            "details": {k: rounded(v) if isinstance(v, float) else v for k, v in self.details.items()},
            **({"failure": self.failure} if self.failure else {}),
        }

    def line(self) -> str:
        """The row for people: five columns, then the details as `key=value`."""
        found = self.record()
        columns = [shown(found[key]) for key in ("name", "value", "unit", "peer", "ratio")]
        columns += [f"{k}={shown(v)}" for k, v in found["details"].items()]
        return "  ".join(columns)


def rounded(value: float | None) -> float | None:
    """Four significant digits, and whole numbers from a thousand on."""
    if value is None or value != value:
        return None
    return float(round(value)) if abs(value) >= 1000 else float(f"{value:.4g}")


def shown(value: Detail) -> str:
    """A number or word as it is printed; `-` for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value).replace(" ", "_")
