"""Pages of the web app over a stand-in of the API, without a browser."""

import threading
import time
from pathlib import Path

import pytest
import streamlit as st
import uvicorn
from streamlit.testing.v1 import AppTest

from tests.fixtures.fake_api import FakeState, build

UI = Path(__file__).resolve().parents[3] / "ui"


class Served:
    """A stand-in on a port of its own."""

    def __init__(self, kind: str = "") -> None:
        self.state = FakeState(kind)
        config = uvicorn.Config(build(self.state), host="127.0.0.1", port=0, log_level="error")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """End it."""
        self.server.should_exit = True
        self.thread.join(5)


def page(name: str, monkeypatch: pytest.MonkeyPatch, url: str) -> AppTest:
    """A page of the app, over the API at this address."""
    monkeypatch.setenv("SCREENER_API_URL", url)
    monkeypatch.delenv("SCREENER_TOKEN", raising=False)
    st.cache_resource.clear()
    return AppTest.from_file(str(UI / name), default_timeout=30)
