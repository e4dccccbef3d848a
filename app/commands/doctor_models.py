"""The part of `screener doctor` that looks at the models: names, keys, servers of one's own, prices and spend caps.

No model is called: that would cost money.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from importlib.util import find_spec

from app.commands.finding import Finding
from app.gateway import caps_of, prices_of, read_keys, routes_of
from app.settings import Settings, SettingsError
from llm.gateway import Prices, Routes
from llm.gateway.budget import SETTINGS, Caps, Scope
from llm.gateway.library import provider_of
from llm.gateway.prices import local

KEYS = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "azure": ("AZURE_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "xai": ("XAI_API_KEY",),
}
"""The variables of which one holds a provider's key, the usual one first."""
OLLAMA = "http://localhost:11434"
ANSWER_S = 3


def check_models(settings: Settings) -> Iterator[Finding]:
    """Whether the models that the settings name can be called, and what keeps their cost down."""
    if settings.model is None:
        others = [name for name in settings.named_models if name]
        if others:
            message = f"SCREENER_MODEL is not set, so {', '.join(others)} is not used: the offline translator serves"
            yield Finding("model", "note", message, "set SCREENER_MODEL")
            return
        yield Finding("model", "ok", "none configured: the offline translator and analyst serve")
        return
    if find_spec("litellm") is None:
        yield Finding("model", "failed", "litellm is not installed", "install the package anew: pip install -e .")
        return
    read_keys()
    try:
        routes, prices = routes_of(settings), prices_of(settings)
    except SettingsError as error:
        yield Finding("model", "failed", str(error), "correct it; docs/operator.md says how it is written")
        return
    for name in routes.names:
        yield _callable(name, _uses(routes, name))
    yield _spending(routes, prices, caps_of(settings))


def _uses(routes: Routes, name: str) -> str:
    uses = []
    if name == routes.standard:
        uses.append("standard")
    if name == routes.fast:
        uses.append("fast")
    uses += [operation for operation, route in routes.operations.items() if route.model == name]
    if name in routes.fallbacks:
        uses.append("fall-back")
    return ", ".join(uses)


def _callable(name: str, uses: str) -> Finding:
    """Whether a model has its key, and where it runs on a server of one's own, whether that answers."""
    shown = f"{name} ({uses})"
    head = name.partition("/")[0]
    provider = head if head in KEYS or local(name) else provider_of(name)
    if provider is None:
        return Finding(
            "model", "failed", f"{shown} names no provider", "write provider/model, such as openai/gpt-4o-mini"
        )
    keys = KEYS.get(provider, ())
    base = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE") if provider == "openai" else None
    if keys and not any(os.environ.get(key) for key in keys):
        key = keys[0]
        do = f"set {key} to anything: the server is your own" if base else f"set {key}, or unset the model"
        return Finding("model", "failed", f"{shown} needs {key}, which is not set", do)
    server = os.environ.get("OLLAMA_API_BASE", OLLAMA) if local(name) else base
    if server is None:
        return Finding("model", "ok", f"{shown}; try it: screener generate 'RSI below 30'")
    problem = _unreachable(server)
    if problem is None:
        return Finding("model", "ok", f"{shown} at {_shown(server)}, which answers")
    do = "start the server, or set OLLAMA_API_BASE" if local(name) else "start the server, or set OPENAI_BASE_URL"
    return Finding("model", "failed", f"{shown}: {_shown(server)} does not answer ({problem})", do)


def _unreachable(server: str) -> str | None:
    if not server.startswith(("http://", "https://")):
        return "it is no http address"
    try:
        # urllib takes no name and password in an address, and they are not needed to see that it answers.
        with urllib.request.urlopen(_shown(server), timeout=ANSWER_S):  # noqa: S310 - looked at above
            return None
    except urllib.error.HTTPError:
        # It speaks HTTP; a model server need have nothing at its root.
        return None
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _shown(server: str) -> str:
    """The address without a name and password in it."""
    scheme, separator, rest = server.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def _spending(routes: Routes, prices: Prices, caps: Caps) -> Finding:
    """The caps, and whether every model has the price that they need."""
    if not caps.any:
        message = "no spend cap is set"
        return Finding("spending", "note", message, "set SCREENER_SPEND_PER_DAY to US dollars, such as 5")
    unknown = [name for name in routes.names if prices.estimate(name, 1_000, 1_000) is None]
    if unknown:
        do = f"set SCREENER_MODEL_PRICES={unknown[0]}=in/out, in US dollars for a million tokens"
        return Finding("spending", "failed", f"no price is known for {', '.join(unknown)}: calls are refused", do)
    limits: list[tuple[Scope, Decimal | None]] = [("user", caps.user), ("strategy", caps.strategy), ("all", caps.all)]
    said = [f"${limit:.2f} {SETTINGS[scope][0]}" for scope, limit in limits if limit is not None]
    return Finding("spending", "ok", f"at most, each day in UTC: {', '.join(said)}")
