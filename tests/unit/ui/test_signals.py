"""The Signals page for somebody who follows a shared signal: the own answer counts, and why nothing came of it."""

import pytest

from tests.unit.ui.paging import Served, page

REASON = "Not sent: there is no free capital."


def test_a_followers_refusal_is_told_and_offers_no_second_approval(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = next(s for s in served.state.signals if s["status"] == "enter")
    row |= {"own_status": "blocked", "refusal": REASON}
    app = page("pages/signals.py", monkeypatch, served.url)
    app.session_state["signal_id"] = row["id"]
    app.run()
    assert not app.exception, app.exception
    shown = "\n".join(str(block.proto.body) for block in app.get("html"))
    assert f"<b>Blocked.</b> <span class='mut'>{REASON}</span>" in shown
    assert not [b for b in app.button if b.key == "approve_button"]
    row |= {"own_status": "enter", "refusal": None}
    app.run()
    assert [b for b in app.button if b.key == "approve_button"]
