"""What a provider's failure means, in our own words, so that no key can slip into a message."""

from __future__ import annotations

import importlib
import os
import re
from typing import Any

from llm.gateway.wire import MAX_REPLY_BYTES, Wire
from llm.models import ErrorKind, ModelError

_SECRET = re.compile(r"(?i)(sk-[\w-]{4,}|bearer\s+\S+|api[_ -]?key[\"'\s:=]+\S+|key-[\w-]{6,})")
_SECRET_NAME = re.compile(r"(?i)(key|token|secret|password)")

_STATUSES: dict[int, tuple[ErrorKind, str]] = {
    401: ("authentication", "The provider refused the key (401). Check the provider's key in your settings."),
    402: ("authentication", "The provider's account has no credit left (402)."),
    403: ("authentication", "The provider does not allow this key to use the model (403)."),
    404: ("unsupported", "The provider does not know this model (404). Check SCREENER_MODEL."),
    408: ("server", "The provider did not answer in its own time (408)."),
    409: ("server", "The provider was busy with the same request (409)."),
    413: ("bad_request", "The request is longer than the model reads (413)."),
    422: ("bad_request", "The provider refused the request (422)."),
    429: ("rate_limit", "The provider's rate limit or quota is used up (429)."),
    529: ("overloaded", "The provider is overloaded (529)."),
}

_NAMES: tuple[tuple[str, ErrorKind, str], ...] = (
    ("ContextWindowExceededError", "bad_request", "The request is longer than the model reads."),
    ("ContentPolicyViolationError", "bad_request", "The provider refused the text by its content policy."),
    ("UnsupportedParamsError", "bad_request", "The model does not take a setting we sent."),
    ("Timeout", "timeout", "The model gave no answer in time."),
    ("APITimeoutError", "timeout", "The model gave no answer in time."),
    ("AuthenticationError", *_STATUSES[401]),
    ("PermissionDeniedError", *_STATUSES[403]),
    ("RateLimitError", *_STATUSES[429]),
    ("NotFoundError", *_STATUSES[404]),
    ("UnprocessableEntityError", *_STATUSES[422]),
    ("BadRequestError", "bad_request", "The provider refused the request (400)."),
)

_UNREADABLE: tuple[ErrorKind, str] = ("bad_answer", "The provider's answer could not be read.")
_UNREACHABLE: tuple[ErrorKind, str] = ("connection", "The provider could not be reached.")
_CUT: tuple[ErrorKind, str] = ("connection", "The provider broke off in the middle of its answer.")


def failures(litellm: Any) -> tuple[type[Exception], ...]:
    """What a call may raise: the provider's errors, and transport errors that slip past litellm's mapping."""
    openai = importlib.import_module("openai")
    httpx = importlib.import_module("httpx")
    return (
        openai.OpenAIError,
        httpx.HTTPError,
        httpx.StreamError,
        litellm.exceptions.APIError,
        ConnectionError,
        AttributeError,
        IndexError,
        ValueError,
        KeyError,
        TypeError,
    )


def too_large(name: str) -> ModelError:
    """The reply was longer than any answer can be."""
    reason = f"The provider sent more than {MAX_REPLY_BYTES // 1_000_000} MB; the answer was not read to its end."
    return ModelError(reason, kind="bad_answer", model=name)


def model_error(error: Exception, name: str, wire: Wire) -> ModelError:
    """`error` of a call to model `name` as a ModelError; only a refused request's text is quoted, without secrets."""
    if wire.too_large:
        return too_large(name)
    text = str(error)
    kind, reason = _meaning(error, text, name, wire)
    if kind == "bad_request":
        reason = f"{reason} {redacted(text)[:200]}"
    return ModelError(reason, kind=kind, model=name)


def _meaning(error: Exception, text: str, name: str, wire: Wire) -> tuple[ErrorKind, str]:
    names = {parent.__name__ for parent in type(error).__mro__}
    if "LLM Provider NOT provided" in text:
        return (
            "unsupported",
            f"'{name}' does not name a provider; write 'provider/model', such as 'openai/gpt-4o-mini'.",
        )
    if "repeating the same chunk" in text:
        return "bad_answer", "The model repeated itself and was left."
    if wire.status is None and ("Missing credentials" in text or "api_key client option must be set" in text):
        return "authentication", "No key is set for this provider. Set the provider's variable, such as OPENAI_API_KEY."
    if wire.status is None or wire.status < 400:
        for wanted, kind, reason in _NAMES:
            if wanted in names:
                return kind, reason
        if isinstance(error, ValueError | KeyError | TypeError | AttributeError | IndexError):
            return _UNREADABLE
        if wire.status is None:
            return _UNREACHABLE
        return _UNREADABLE if wire.ended else _CUT
    for wanted, kind, reason in _NAMES[:3]:
        if wanted in names:
            return kind, reason
    if wire.status in _STATUSES:
        return _STATUSES[wire.status]
    if wire.status >= 500:
        return "server", f"The provider failed ({wire.status})."
    return "bad_request", f"The provider refused the request ({wire.status})."


def redacted(text: str) -> str:
    """`text` without anything that looks like a key, or equals one from the environment."""
    for variable, value in os.environ.items():
        if len(value) >= 6 and _SECRET_NAME.search(variable):
            text = text.replace(value, "…")
    return _SECRET.sub("…", text)
