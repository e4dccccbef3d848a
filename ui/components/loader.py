"""Components of the second kind (`st.components.v2`) whose script is a served file.

The inline script of a component is sent again with every update, so it only imports the real module from
`/files/js` by its absolute address; the module is fetched once per tab.
"""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).resolve().parent

_LOADER = """
const source = new URL('/files/js/{module}.js?v={stamp}', window.location.origin).href;
export default function (component) {{
  let stopped = false, cleanup = null;
  import(source).then((module) => {{
    if (!stopped) cleanup = module.default(component);
  }});
  return () => {{
    stopped = true;
    if (cleanup) cleanup();
  }};
}}
"""


@cache
def parts_css() -> str:
    """The style of the small parts."""
    return (HERE / "parts.css").read_text(encoding="utf-8")


@cache
def page_css() -> str:
    """All style that the shell adds to the page."""
    return (HERE.parent / "app.css").read_text(encoding="utf-8") + parts_css()


def mount(module: str, html: str, css: str = "") -> Any:
    """Declare the component `module`, whose script is `static/js/<module>.js`."""
    file = HERE.parent / "static" / "js" / f"{module}.js"
    stamp = file.stat().st_mtime_ns
    script = _LOADER.format(module=module, stamp=stamp)
    return st.components.v2.component(f"screener_{module}", html=html, css=parts_css() + css, js=script)


def theme() -> str:
    """`light` or `dark`; passed to components that paint a canvas, so that a change reaches them."""
    return st.context.theme.type or "dark"
