"""What a provider's failure means, in our own words, so that no key can slip into a message."""

from __future__ import annotations

import importlib
import os
import re

from llm.gateway.library import load_litellm, missing_keys, provider_of
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

_UNREADABLE: tuple[ErrorKind, str] = ("bad_answer", "The provider's answer could not be read.")
_UNREACHABLE: tuple[ErrorKind, str] = ("connection", "The provider could not be reached.")
_CUT: tuple[ErrorKind, str] = ("connection", "The provider broke off in the middle of its answer.")
_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What comes of taking apart a reply that is not as it should be."""


def failures() -> tuple[type[Exception], ...]:
    """What a call into litellm raises of a provider's making: its errors, transport errors that slip past litellm's
    mapping, and Python's own that come of a malformed reply. Nothing of ours may run where they are caught."""
    openai, httpx = importlib.import_module("openai"), importlib.import_module("httpx")
    return (openai.OpenAIError, httpx.HTTPError, httpx.StreamError, ConnectionError, *_MALFORMED)


def too_large(name: str) -> ModelError:
    """The reply was longer than any answer can be."""
    reason = f"The provider sent more than {MAX_REPLY_BYTES // 1_000_000} MB; the answer was not read to its end."
    return ModelError(reason, kind="bad_answer", model=name)


def model_error(error: Exception, name: str, wire: Wire) -> ModelError:
    """`error` of a call to model `name` as a ModelError; only a refused request's text is quoted, without secrets."""
    if wire.too_large:
        return too_large(name)
    kind, reason = _meaning(error, name, wire)
    if kind == "bad_request":
        reason = f"{reason} {redacted(str(error))[:200]}"
    return ModelError(reason, kind=kind, model=name)


def unwanted_setting(error: Exception) -> str:
    """The setting of the request that a provider refused, such as "stream_options"; "" where it names none."""
    named = getattr(error, "param", None)
    if isinstance(named, str) and named:
        return named.partition(".")[0]
    # Many servers that speak OpenAI's protocol leave `param` out and name the setting in their text alone.
    text = str(error)
    return next((setting for setting in ("stream_options", "response_format", "stream") if setting in text), "")


def _meaning(error: Exception, name: str, wire: Wire) -> tuple[ErrorKind, str]:
    litellm, openai, httpx = load_litellm(), importlib.import_module("openai"), importlib.import_module("httpx")
    if isinstance(error, litellm.JSONSchemaValidationError):
        return "bad_answer", "The model's answer does not fit."
    if isinstance(error, litellm.ContextWindowExceededError):
        return "bad_request", "The request is longer than the model reads."
    if isinstance(error, litellm.ContentPolicyViolationError):
        return "bad_request", "The provider refused the text by its content policy."
    if isinstance(error, litellm.UnsupportedParamsError):
        return "bad_request", "The model does not take a setting we sent."
    if wire.status is not None and wire.status >= 400:
        return _of_status(wire.status)
    if wire.status is None and isinstance(error, litellm.BadRequestError) and provider_of(name) is None:
        reason = f"'{name}' does not name a provider; write 'provider/model', such as 'openai/gpt-4o-mini'."
        return "unsupported", reason
    if wire.status is None and (missing := missing_keys(name)):
        return "authentication", f"No key is set for this provider. Set {' or '.join(missing)}."
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
        return "timeout", "The model gave no answer in time."
    # litellm ends a model's loop with an InternalServerError as any other: only its text tells.
    if "repeating the same chunk" in str(error):
        return "bad_answer", "The model repeated itself and was left."
    said = getattr(error, "status_code", None)
    # What has no status gets one of litellm's own: 500.
    if isinstance(said, int) and 400 <= said < 500:
        return _of_status(said)
    if isinstance(error, _MALFORMED):
        return _UNREADABLE
    if wire.status is None:
        return _UNREACHABLE
    return _UNREADABLE if wire.ended else _CUT


def _of_status(status: int) -> tuple[ErrorKind, str]:
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return "server", f"The provider failed ({status})."
    return "bad_request", f"The provider refused the request ({status})."


def redacted(text: str) -> str:
    """`text` without anything that looks like a key, or equals one from the environment."""
    for variable, value in os.environ.items():
        if len(value) >= 6 and _SECRET_NAME.search(variable):
            text = text.replace(value, "…")
    return _SECRET.sub("…", text)
