"""The web app in a real browser, over the stand-in API: what `AppTest` cannot see.

Needs a Chromium: `apt-get install chromium`, or `playwright install chromium`, or `SCREENER_CHROMIUM=/path`.
`SCREENER_SKIP_BROWSER=1` skips these tests where none can be had.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.fixtures.browser import press

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = "RSI under 30 on the 15m while price is above the 4h 200 EMA, with busy volume"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.environ.get("SCREENER_SKIP_BROWSER") == "1", reason="SCREENER_SKIP_BROWSER=1"),
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server for {url} ended with code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"no answer at {url} within 60 s")


@dataclass
class App:
    """A running app; `api` is its stand-in's process."""

    url: str
    api: subprocess.Popen[bytes]


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    kind = getattr(request, "param", "")
    api_port, port = _free_port(), _free_port()
    env = {**os.environ, "SCREENER_API_URL": f"http://127.0.0.1:{api_port}", "PYTHONPATH": str(ROOT)}
    env.pop("SCREENER_TOKEN", None)
    fake = [sys.executable, str(ROOT / "tests/fixtures/fake_api.py"), str(api_port), *filter(None, [kind])]
    run = [sys.executable, "-m", "streamlit", "run", str(ROOT / "ui/Home.py"), "--server.headless=true"]
    run += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    api = subprocess.Popen(fake, env=env)
    web = subprocess.Popen(run, env=env, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{api_port}/api/v1/status", api)
        _wait(f"http://127.0.0.1:{port}/_stcore/health", web)
        yield App(f"http://127.0.0.1:{port}", api)
    finally:
        for process in (web, api):
            process.terminate()
        for process in (web, api):
            process.wait(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("SCREENER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            )
        except Error as error:
            pytest.fail(f"{__doc__}\n{error.message}")
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, app: App) -> Iterator[Page]:
    """A page that notes scripts' errors and requests to other places; there must be none."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    opened.set_default_timeout(30_000)
    expect.set_options(timeout=20_000)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    own = (app.url, app.url.replace("http", "ws"), "data:", "blob:")
    opened.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
    yield opened
    opened.close()
    assert wrong == []


def test_from_a_sentence_to_an_enabled_strategy(page: Page, app: App) -> None:
    page.goto(f"{app.url}/new_strategy")
    expect(page.get_by_text("Simulated market · 10× speed")).to_be_visible()
    expect_enabling_off(page)
    page.get_by_label("What should it look for?").fill(SENTENCE)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This is what it will do")).to_be_visible()
    expect(page.get_by_text("“busy volume”", exact=True)).to_be_visible()
    expect(page.get_by_text("Charts by")).to_be_visible()
    expect(page.locator(".holder[data-ready=yes] canvas").first).to_be_visible()
    expect_enabling_off(page)
    page.get_by_role("button", name="Yes", exact=True).click()
    press(page, "Enable on paper", page.get_by_text("is enabled on paper"))


def expect_enabling_off(page: Page) -> None:
    """While a page is drawn anew an old button may stand beside the new one for a moment."""
    button = page.get_by_role("button", name="Enable on paper")
    expect(button).to_have_count(1)
    expect(button.last).to_be_disabled()


def test_broken_code_is_marked_where_it_is_and_cannot_be_enabled(page: Page, app: App) -> None:
    page.goto(f"{app.url}/new_strategy")
    page.get_by_label("What should it look for?").fill(SENTENCE)
    page.keyboard.press("Control+Enter")
    editor = page.get_by_label("Filter code")
    expect(editor).not_to_have_value("")
    page.get_by_role("button", name="Yes", exact=True).click()
    editor.fill("dip = ta.smaa(close, 14) < 30\nmatch = dip")
    expect(page.get_by_text("F012 line 1, column 10.")).to_be_visible()
    expect(page.locator(".wave")).to_have_count(1)
    expect_enabling_off(page)
    editor.fill("dip = ta.sma(close, 14) < 30\nmatch = dip")
    expect(page.get_by_text("F012")).to_have_count(0)
    expect_enabling_off(page)


def test_a_signal_is_approved_and_its_position_closed(page: Page, app: App) -> None:
    page.goto(app.url)
    page.locator("tr[data-id=s2]").click()
    expect(page.get_by_role("heading", name="ETHUSDT")).to_be_visible()
    expect(page.locator(".st-key-approve").get_by_text("Reward to risk")).to_be_visible()
    page.get_by_role("button", name="Approve paper trade").click()
    expect(page.get_by_text("This signal has a paper position.")).to_be_visible()
    expect(page.get_by_text("Bought 1.73 ETHUSDT")).to_be_visible()
    expect(page.locator("tr[data-id=s2] .tag")).to_have_text("In position")
    # The page's style outlives the toast.
    expect(page.locator("[data-testid=stMain] h1")).to_have_css("font-size", "22px")
    expect(page.locator(".ss .bdg").first).to_have_css("border-radius", "4px")
    page.get_by_role("link", name="Positions").click()
    row = page.locator("tr", has_text="ETHUSDT")
    expect(row.get_by_role("img")).to_be_visible()
    row.get_by_role("button", name="Close…").click()
    row.get_by_role("button", name="Close now").click()
    expect(row).to_have_count(0)
    page.get_by_text("Closed", exact=True).click()
    expect(page.locator("tr", has_text="ETHUSDT")).to_be_visible()


def test_choice_follows_the_signal_and_the_key_approves_only_with_shift(page: Page, app: App) -> None:
    page.goto(app.url)
    page.locator("tr[data-id=s2]").click()
    expect(page.get_by_role("heading", name="ETHUSDT")).to_be_visible()
    page.wait_for_timeout(5_000)  # two rounds of the timed list
    expect(page.locator("tr[data-id=s2]")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("a")
    page.wait_for_timeout(1_500)
    expect(page.locator("tr[data-id=s2] .tag")).to_have_text("Enter")


def test_pausing_entries_is_shown_and_stops_approval(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_role("button", name="Pause entries").click()
    expect(page.locator(".bdg", has_text="Entries paused")).to_be_visible()
    page.get_by_role("button", name="Approve paper trade").click()
    expect(page.get_by_text("Entries are paused.")).to_be_visible()


def test_a_lost_api_is_named_and_the_last_data_stay(page: Page, app: App) -> None:
    page.goto(app.url)
    expect(page.locator("tr[data-id=s2]")).to_be_visible()
    app.api.terminate()
    expect(page.get_by_text("No connection to the API")).to_be_visible()
    expect(page.get_by_text("Cannot reach the screener.").first).to_be_visible()
    expect(page.locator("tr[data-id=s2]")).to_be_visible()


@pytest.mark.parametrize("app", ["empty"], indirect=True)
def test_an_empty_list_says_what_is_watched(page: Page, app: App) -> None:
    page.goto(app.url)
    expect(page.get_by_text("No signals yet")).to_be_visible()
    page.get_by_role("link", name="Write a strategy").click()
    expect(page.get_by_label("What should it look for?")).to_be_visible()


@pytest.mark.parametrize("app", ["stale"], indirect=True)
def test_stale_prices_close_the_approval(page: Page, app: App) -> None:
    page.goto(app.url)
    expect(page.get_by_text("Prices are not fresh.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve when fresh")).to_be_disabled()


@pytest.mark.parametrize("app", ["stale"], indirect=True)
def test_the_market_page_shows_each_minute(page: Page, app: App) -> None:
    page.goto(f"{app.url}/market")
    picture = page.get_by_role("img", name="Symbols fresh, late, stale and missing by minute")
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 30)
    expect(page.get_by_text("67 fresh, 139 stale, 2 missing")).to_be_visible()
    page.get_by_text("4 hours", exact=True).click()
    expect(page.get_by_text("90 minutes")).to_be_visible()
    expect(page.get_by_role("cell", name="DOTUSDT")).to_be_visible()
