"""RFC 9457 problem documents, the form of every error."""

from datetime import datetime
from typing import Literal

from api.schemas.base import Shape


class FieldError(Shape):
    """One thing that is wrong: `code`, place and what to do. Lines and columns start at 1."""

    code: str = ""
    field: str = ""
    line: int | None = None
    column: int | None = None
    message: str
    hint: str = ""


class FindingOut(Shape):
    """One thing that was found before a strategy is enabled: what it is, what to do, and the condition at fault.

    `severity` is blocks (it must not run), warns (it runs after a second word) or info.
    """

    code: str
    severity: Literal["blocks", "warns", "info"]
    message: str
    hint: str = ""
    condition: str = ""


class Problem(Shape):
    """`application/problem+json`. `findings` is there where a strategy was not enabled, `again_at` where a limit was
    reached that is lifted by itself then."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    findings: tuple[FindingOut, ...] = ()
    again_at: datetime | None = None
