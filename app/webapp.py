"""How the web app is started: Streamlit as a program of its own, beside the API it talks to."""

from __future__ import annotations

import os
import sys
from importlib import util
from pathlib import Path

from app.settings import Settings


def app_folder() -> Path:
    """The folder of the `ui` package, in a checkout or an installed wheel."""
    spec = util.find_spec("ui")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the web app's package is missing from this installation")
    return Path(next(iter(spec.submodule_search_locations)))


def streamlit_command(settings: Settings) -> tuple[list[str], Path, dict[str, str]]:
    """Command, working folder (where Streamlit finds its theme) and environment of the web app."""
    folder = app_folder()
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(folder / "Home.py")),
        f"--server.address={settings.host}",
        f"--server.port={settings.ui_port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
    ]
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not bound
    env = {
        **os.environ,
        "SCREENER_API_URL": f"http://{host}:{settings.api_port}",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(folder.parent), os.environ.get("PYTHONPATH")))),
    }
    return command, folder, env
