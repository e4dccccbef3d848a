"""Questions about a sentence, answered and taken back with a mouse, over the stand-in API."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_app_browser import SENTENCE, App, app, browser, page, pytestmark
from tests.fixtures.browser import press

__all__ = ["app", "browser", "page", "pytestmark"]


def _write(page: Page, app: App) -> None:
    page.goto(f"{app.url}/new_strategy")
    page.get_by_label("What should it look for?").fill(SENTENCE)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This is what it will do")).to_be_visible()


def test_a_question_is_answered_with_one_click_and_taken_back(page: Page, app: App) -> None:
    _write(page, app)
    editor = page.get_by_label("Filter code")
    page.get_by_text("7 candles", exact=True).click()
    expect(page.get_by_text("Changed. Length of RSI: 14 candles became 7 candles.")).to_be_visible()
    expect(editor).to_have_value(re.compile(r"ta\.rsi\(close, 7\) < 30"))
    expect(page.get_by_text("RSI: 7; the sentence gives no number.")).to_be_visible()
    press(page, "Undo", page.get_by_text("Changed. Length"), gone=True)
    expect(editor).to_have_value(re.compile(r"ta\.rsi\(close, 14\) < 30"))


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_wider_than_the_screen_and_what_comes_first_stands_first(page: Page, app: App, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    _write(page, app)
    expect(page.get_by_text("Latest matches")).to_be_visible()
    expect(page.locator("b", has_text="Length of RSI?")).to_be_visible()
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    sides = page.get_by_test_id("stSidebarContent")
    assert sides.evaluate("e => getComputedStyle(e).overflowX") == "hidden"
    box = page.get_by_label("What should it look for?")
    box.fill(f"{SENTENCE}, {SENTENCE}, {SENTENCE}")
    assert box.evaluate("e => e.scrollHeight <= e.clientHeight + 1"), "a longer sentence is seen whole"
    if width > 640:
        return
    read, enable, past = (page.locator(f".st-key-{name}").bounding_box() for name in ("readback", "enable", "past"))
    assert read and enable and past
    assert read["y"] + read["height"] < enable["y"] < past["y"], "what it will do stands before what enables it"
    bar = page.get_by_test_id("stHeader")
    assert bar.evaluate("e => getComputedStyle(e).backgroundColor") not in ("transparent", "rgba(0, 0, 0, 0)")
    assert bar.evaluate("e => e.getBoundingClientRect().height") >= 40


def test_edited_conditions_become_code_and_an_explanation_is_the_model_s(page: Page, app: App) -> None:
    _write(page, app)
    page.get_by_text("Change the conditions in words").click()
    page.get_by_label("One condition a line").fill("RSI(14) of the close is below 25")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Write the code from these").click()
    expect(page.get_by_text("Changed. The conditions were edited.")).to_be_visible()
    expect(page.get_by_label("Filter code")).to_have_value(re.compile(r"ta\.rsi\(close, 14\) < 25"))
    page.get_by_role("button", name="Explain it").click()
    expect(page.get_by_text("in the words of stand-in/large")).to_be_visible()
