"""Entry of the web app: `streamlit run ui/Home.py`, from any working directory.

The screens themselves are `components/shell.py` and the scripts in `pages/`; the shell lies apart from them
because Streamlit takes a folder `pages` beside its script for navigation of its own. This file adds what
Streamlit alone does not serve: fonts and scripts under `/files`, the vendored front-end modules under
`/vendor`, and the refusal of foreign `Host` names in personal mode (without `SCREENER_TOKEN` the app
belongs to whoever sits at this machine, so a page elsewhere must not reach it through a name that resolves
to it).
"""

import mimetypes
import os
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).resolve().parent
# A source tree that is not installed: the packages lie beside this folder.
if str(HERE.parent) not in sys.path:
    sys.path.insert(0, str(HERE.parent))
mimetypes.add_type("text/javascript", ".mjs")

LOOPBACK_NAMES = ["127.0.0.1", "localhost", "testserver"]
ALLOWED_HOSTS = ["*"] if os.environ.get("SCREENER_TOKEN") else LOOPBACK_NAMES

app = st.App(
    HERE / "components" / "shell.py",
    routes=[
        Mount("/vendor", StaticFiles(directory=HERE / "vendor"), name="vendor"),
        Mount("/files", StaticFiles(directory=HERE / "static"), name="files"),
    ],
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=ALLOWED_HOSTS)],
)
