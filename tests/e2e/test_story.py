"""The whole line in a browser: a sentence, its reading, a signal, an approval, a position, its close.

It starts `screener up` with an empty data folder on free ports. With SCREENER_PICTURES=DIR it keeps pictures of the
three pages there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from app.processes import free_port
from tests.fixtures.browser import press

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = "RSI below 30 on 15m while price is above the 4h 200 EMA"
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(280)]


class System:
    def __init__(self, api: int, app: int) -> None:
        self.api = f"http://127.0.0.1:{api}/api/v1"
        self.app = f"http://127.0.0.1:{app}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.api + path, timeout=5) as answer:
            return json.load(answer)

    def until(self, path: str, accept: Any, seconds: float) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                answer = self.get(path)
            except OSError:
                answer = None
            if answer is not None and (found := accept(answer)):
                return found
            time.sleep(0.5)
        raise AssertionError(f"{path} did not come to it within {seconds:.0f} s")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("story")
    api, app = free_port(), free_port()
    env = {**os.environ, "SCREENER_API_PORT": str(api), "SCREENER_UI_PORT": str(app), "PYTHONPATH": str(ROOT)}
    env["SCREENER_SIM_PORT"] = str(free_port())
    for name in ("SCREENER_TOKEN", "DATABASE_URL", "SCREENER_MODEL", "SCREENER_SPEED"):
        env.pop(name, None)
    with (folder / "up.log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "up", "--data-dir", str(folder / "data")],
            cwd=folder,
            env=env,
            stdout=out,
            stderr=out,
        )
    running = System(api, app)
    try:
        running.until("/status", lambda s: s["worker_alive"], 120)
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


@pytest.fixture
def page(system: System) -> Iterator[Page]:
    path = os.environ.get("SCREENER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium found; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        opened = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
        opened.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        yield opened
        browser.close()


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENER_PICTURES"):
        page.wait_for_timeout(2_500)
        expect(page.get_by_test_id("stToast")).to_have_count(0)
        page.screenshot(path=f"{folder}/{name}.png")


def _approved(page: Page, system: System) -> Any:
    """The signal that was approved; the market may move a signal out of reach before the button is pressed."""

    def sendable(signals: Any) -> Any:
        for item in signals["items"]:
            detail = system.get(f"/signals/{item['id']}")
            if detail["preview"] and not detail["preview"]["refusals"]:
                return item
        return None

    for _ in range(4):
        chosen = system.until("/signals?status=enter&limit=10", sendable, 120)
        page.goto(system.app)
        page.locator(f"tr[data-id='{chosen['id']}']").click()
        expect(page.get_by_role("heading", name=chosen["symbol"])).to_be_visible()
        with suppress(PlaywrightTimeout):
            page.get_by_role("button", name="Approve paper trade").wait_for()
            _picture(page, "signals")
            page.get_by_role("button", name="Approve paper trade").click(timeout=5_000)
            page.get_by_text("This signal has a paper position.").wait_for(timeout=10_000)
            return chosen
    raise AssertionError("none of four signals could be approved")


def test_from_a_sentence_to_a_closed_paper_position(page: Page, system: System) -> None:
    page.goto(f"{system.app}/new_strategy")
    expect(page.get_by_text("Simulated market · 10× speed")).to_be_visible()
    page.get_by_label("What should it look for?").fill(SENTENCE)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This is what it will do")).to_be_visible()
    expect(page.get_by_text("RSI(14) of the close is below 30").first).to_be_visible()
    expect(page.get_by_text("Checked before it runs")).to_be_visible()
    expect(page.locator(".holder[data-ready=yes] canvas").first).to_be_visible()
    _picture(page, "new-strategy")
    page.get_by_role("button", name="Yes", exact=True).click()
    press(page, "Enable on paper", page.get_by_text("is enabled on paper"))
    (own,) = [s for s in system.get("/strategies")["items"] if s["enabled"] and not s["built_in"]]
    check = system.get(f"/strategies/{own['id']}")["check"]
    assert check["candles"] > 300 and not [f for f in check["findings"] if f["severity"] != "info"]

    if os.environ.get("SCREENER_PICTURES"):
        system.until("/signals", lambda signals: len(signals["items"]) >= 9, 90)
    chosen = _approved(page, system)
    page.get_by_role("link", name="Positions").click()
    held = page.locator("tr", has_text=chosen["symbol"])
    # Its stop or target may be reached first, between any two of these: then it is closed already.
    with suppress(PlaywrightTimeout):
        held.first.wait_for(timeout=10_000)
        _picture(page, "positions")
        held.get_by_role("button", name="Close…").first.click(timeout=5_000)
        held.get_by_role("button", name="Close now").click(timeout=5_000)

    def closed(positions: Any) -> Any:
        return [p for p in positions["items"] if p["signal_id"] == chosen["id"]]

    (position,) = system.until("/positions?state=closed", closed, 60)
    assert position["close_reason"] in ("manual", "stop", "target", "managed", "exit")
    assert system.get(f"/signals/{chosen['id']}")["status"] == "closed"
    kinds = [e["kind"] for e in system.get("/events")["items"]]
    assert kinds.count("TRADE_TRIGGER") == 2
    assert kinds.count("TRADE_EXECUTED") == 2
