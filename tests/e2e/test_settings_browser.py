"""A strategy's analysis settings in a real browser, over the stand-in API."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_app_browser import App, app, browser, page, pytestmark

__all__ = ["app", "browser", "page", "pytestmark"]


def test_settings_are_changed_stay_after_a_reload_and_are_each_strategys_own(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_role("link", name="Strategies").click()
    card = page.locator(".st-key-card-analysis")
    expect(card.get_by_label("Candles shown to it")).to_have_value("100")
    expect(card.get_by_role("switch", name="Analyse each signal by itself")).to_be_checked()
    expect(card.get_by_text("house/other")).to_be_visible()
    card.get_by_label("Candles shown to it").fill("250")
    card.get_by_text("Decide on open positions").click()
    card.get_by_role("combobox", name=re.compile("Style")).click()
    page.get_by_role("option", name="Careful").click()
    card.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Dip in up-trend is analysed so")).to_be_visible()
    expect(page.locator(".st-key-card-strategy").get_by_text("version 4")).to_be_visible()
    page.reload()
    expect(card.get_by_label("Candles shown to it")).to_have_value("250")
    expect(card.get_by_role("switch", name="Decide on open positions")).not_to_be_checked()
    expect(card.get_by_role("combobox", name="Style")).to_have_value("Careful")
    expect(card.get_by_role("spinbutton", name="Answers to each question")).to_have_value("1")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/strategies?strategy=st102")
    expect(page.get_by_role("heading", name="Range <b>breakdown</b>")).to_be_visible()
    expect(card.get_by_role("switch", name="Analyse each signal by itself")).not_to_be_checked()
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
