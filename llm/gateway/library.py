"""The one place that imports litellm: late, for that takes seconds, and set so that it fetches and prints nothing."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from typing import Any

from llm.gateway.wire import watch_transports

_lock = threading.Lock()


def load_litellm() -> Any:
    """litellm, ready for use. The first call takes seconds: make it in a thread."""
    with _lock:
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        litellm: Any = importlib.import_module("litellm")
        if not getattr(litellm, "suppress_debug_info", False):
            litellm.suppress_debug_info = True
            litellm.telemetry = False
            for logger in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx"):
                # Their error lines quote requests, and with them keys.
                logging.getLogger(logger).setLevel(logging.CRITICAL)
        watch_transports(importlib.import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler)
    return litellm


def provider_of(name: str) -> str | None:
    """The provider that litellm would send model `name` to, None where the name says none."""
    litellm = load_litellm()
    try:
        return str(litellm.get_llm_provider(model=name)[1])
    except litellm.exceptions.BadRequestError:
        return None


def missing_keys(name: str) -> tuple[str, ...]:
    """The variables of which one has to hold the key of model `name`'s provider, where none does; empty where a key is
    set, or litellm knows of none."""
    missing = load_litellm().validate_environment(model=name)["missing_keys"]
    # It lists what else a provider takes besides, and all of it where one thing is missing.
    return tuple(key for key in missing if key.endswith("_API_KEY") and key not in os.environ)
