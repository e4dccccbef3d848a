"""RFC 9457 problem documents, the form of every error."""

from api.schemas.base import Shape


class FieldError(Shape):
    """One thing that is wrong: `code`, place and what to do. Lines and columns start at 1."""

    code: str = ""
    field: str = ""
    line: int | None = None
    column: int | None = None
    message: str
    hint: str = ""


class Problem(Shape):
    """`application/problem+json`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
