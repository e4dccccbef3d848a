"""An analysis, the reasons of a position and the track record in a real browser, over the stand-in API."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_app_browser import App, app, browser, page, pytestmark

__all__ = ["app", "browser", "page", "pytestmark"]


def test_levels_are_switched_on_the_chart_and_looks_are_picked(page: Page, app: App) -> None:
    page.goto(app.url)
    page.locator("tr[data-id=s6]").click()
    expect(page.get_by_role("heading", name="ETHUSDT")).to_be_visible()
    page.get_by_role("link", name=re.compile("Analysis in full: 3 looks")).click()
    expect(page.get_by_role("heading", name="What it could cite")).to_be_visible()
    expect(page.locator(".holder[data-ready=yes] canvas").first).to_be_visible()
    # A wait has no entry, stop and target: what is drawn are supports and resistances.
    expect(page.get_by_role("img", name="ETHUSDT 15m candles with 6 levels")).to_be_visible()
    page.get_by_text("Computed", exact=True).click()
    expect(page.get_by_role("img", name="ETHUSDT 15m candles with 9 levels")).to_be_visible()
    page.get_by_text("Supports, resistances", exact=True).click()
    expect(page.get_by_role("img", name="ETHUSDT 15m candles with 3 levels")).to_be_visible()
    expect(page.get_by_text("its trigger became true")).to_be_visible()
    expect(page.get_by_role("img", name="4 closes looked at, on 1 one was true")).to_be_visible()
    page.get_by_role("combobox", name="Look", exact=True).click()
    page.get_by_role("option", name="5 Jan 09:15 · wait · 55").click()
    expect(page.locator("tr.on", has_text="first look")).to_be_visible()
    page.wait_for_timeout(4_000)  # a round of the timed panel
    expect(page.locator("tr.on", has_text="first look")).to_be_visible()
    expect(page.get_by_role("img", name="ETHUSDT 15m candles with 3 levels")).to_be_visible()


def test_a_refusal_names_the_number_that_is_nowhere(page: Page, app: App) -> None:
    page.goto(f"{app.url}/analysis?signal=s5")
    report = page.locator(".st-key-card-report")
    expect(report.get_by_text("Refused.")).to_be_visible()
    failed = report.locator("tr", has=page.get_by_role("img", name="failed"))
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("is not in the snapshot.")


def test_why_a_position_is_held_is_asked_with_a_button(page: Page, app: App) -> None:
    page.goto(f"{app.url}/positions")
    expect(page.get_by_role("heading", name="Why LINKUSDT is held")).to_be_visible()
    expect(page.get_by_text("Refused: A stop is never moved away from the price.")).to_be_visible()
    expect(page.get_by_text("Rules decide until 00:00 UTC.")).to_be_visible()
    page.get_by_role("button", name="Why, ADAUSDT").click()
    expect(page.get_by_role("heading", name="Why ADAUSDT is held")).to_be_visible()
    expect(page.get_by_text("None yet: nothing tripped.")).to_be_visible()
    expect(page.get_by_text("the model asked 7 of 48 times today")).to_be_visible()
    expect(page.get_by_text("Rules decide until")).to_have_count(0)
    page.wait_for_timeout(5_000)  # two rounds of the timed list
    expect(page.locator("tr.on")).to_have_attribute("data-id", "p2")


def test_the_track_record_is_drawn_and_cut_by_model(page: Page, app: App) -> None:
    page.goto(app.url)
    page.get_by_role("link", name="Track record").click()
    drawn = page.get_by_role("img", name=re.compile("confidence 60 to 70: 52 % of 31 won"))
    expect(drawn).to_be_visible()
    box = drawn.bounding_box()
    assert box is not None
    # Confidence 65.2 and 52 % won: the dot's middle lies there in the square.
    dot = drawn.locator("i[title^='confidence 60']").bounding_box()
    assert dot is not None
    assert abs((dot["x"] + dot["width"] / 2 - box["x"]) / box["width"] - 0.652) < 0.02
    assert abs((box["y"] + box["height"] - dot["y"] - dot["height"] / 2) / box["height"] - 0.52) < 0.02
    expect(page.get_by_text("on these signals entering did better than the filter alone.")).to_be_visible()
    page.get_by_text("By model", exact=True).click()
    expect(page.get_by_role("cell", name="Offline analyst")).to_be_visible()


@pytest.mark.parametrize("path", ["analysis?signal=s6", "positions", "track_record"])
def test_nothing_is_wider_than_a_phone(page: Page, app: App, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app.url}/{path}")
    said = {"positions": "Why LINKUSDT is held", "track_record": "What it cost"}.get(path, "What it could cite")
    expect(page.get_by_role("heading", name=said)).to_be_visible()
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
