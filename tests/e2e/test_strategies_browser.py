"""Stored strategies in a real browser, by keyboard where a hand would use it, over the stand-in API."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_app_browser import App, app, browser, page, pytestmark
from tests.fixtures.browser import press

__all__ = ["app", "browser", "page", "pytestmark"]


def test_a_strategy_is_found_paused_edited_deleted_and_put_back(page: Page, app: App) -> None:
    page.goto(f"{app.url}/strategies")
    card = page.locator(".st-key-card-strategy")
    expect(card.get_by_role("heading", name="Dip in up-trend")).to_be_visible()
    press(page, re.compile("^Pause$"), card.get_by_text("It is paused: no new signals from the next candle on."))
    expect(page.locator("tr[data-id=st101]").get_by_text("Paused")).to_be_visible()
    expect(card.get_by_text("4 signals still wait for a decision")).to_be_visible()
    # By keyboard: the next one of the list, found among those that were searched for.
    page.get_by_label("Search strategies").fill("RSI over")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-id]")).to_have_count(1)
    page.get_by_role("radio", name="Fade the spike, Paused").press("Space")
    expect(card.get_by_role("heading", name="Fade the spike")).to_be_visible()
    expect(page).to_have_url(re.compile("strategy=st103"))
    card.get_by_role("button", name="Edit").press("Enter")
    expect(page.get_by_text("Editing “Fade the spike”")).to_be_visible()
    expect(page.get_by_label("Filter code")).to_have_value(re.compile(r"close \* 1\.02"))
    name = page.get_by_role("textbox", name="Name")
    expect(name).to_have_value("Fade the spike")
    name.fill("Fade spikes")
    name.press("Enter")
    press(page, "Save changes", page.get_by_text("“Fade spikes” is saved, not enabled."))
    page.locator(".st-key-edited").get_by_role("link", name="Strategies").click()
    expect(card.get_by_role("heading", name="Fade spikes")).to_be_visible()
    expect(page.locator("tr[data-id]")).to_have_count(5)
    press(page, "Delete…", page.get_by_text("Delete “Fade spikes”?"))
    press(page, "Delete it", page.get_by_text("“Fade spikes” is deleted."))
    expect(page.locator("tr[data-id]")).to_have_count(4)
    press(page, "Put it back", page.get_by_text("It is back, as a draft."))
    expect(page.get_by_role("radio", name="Fade spikes, Draft")).to_be_checked()
    page.set_viewport_size({"width": 390, "height": 844})
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
