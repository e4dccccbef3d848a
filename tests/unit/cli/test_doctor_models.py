"""What `screener doctor` says of the models, without calling one."""

from __future__ import annotations

from typing import Any

import pytest

from app.commands.doctor_models import check_models
from app.commands.finding import Finding
from app.settings import Settings
from tests.fixtures.ollama_stub import ollama_stub
from tests.fixtures.openai_stub import openai_stub

PRICED = {"model_prices": "openai/m=1/2"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no server's address but those that a test sets."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_API_KEY", "OLLAMA_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def found(**values: Any) -> list[Finding]:
    return list(check_models(Settings(_env_file=None, **values)))


def test_without_a_model_all_is_well() -> None:
    (only,) = found()
    assert (only.state, "offline" in only.message) == ("ok", True)
    (only,) = found(model_fast="openai/m")
    assert (only.state, only.do) == ("note", "set SCREENER_MODEL")


def test_each_model_needs_its_key_and_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    rows = found(
        model="openai/m",
        model_fast="anthropic/f",
        model_fallbacks="openai/m2",
        model_operations="generate.filter=openai/own",
    )
    states = {row.message.split(" ")[0]: row for row in rows if row.name == "model"}
    assert [states[name].state for name in ("openai/m", "anthropic/f", "openai/m2", "openai/own")] == [
        "ok",
        "failed",
        "ok",
        "ok",
    ]
    assert "ANTHROPIC_API_KEY" in states["anthropic/f"].do
    uses = [states[name].message for name in ("openai/m", "anthropic/f", "openai/m2", "openai/own")]
    for message, use in zip(uses, ("(standard)", "(fast)", "(fall-back)", "(generate.filter)"), strict=True):
        assert use in message


@pytest.mark.parametrize(
    ("model", "usual", "other"),
    [
        ("gemini/gemini-2.5-pro", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
        ("anthropic/x", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    ],
)
def test_a_key_may_stand_under_another_name(
    monkeypatch: pytest.MonkeyPatch, model: str, usual: str, other: str
) -> None:
    for name in (usual, other):
        monkeypatch.delenv(name, raising=False)
    assert usual in found(model=model)[0].do
    monkeypatch.setenv(other, "k-1")
    assert found(model=model)[0].state == "ok"


def test_a_name_without_a_provider_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    with openai_stub() as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        for name in ("nonsense", "nobody/nonsense"):
            row = found(model=name)[0]
            assert row.state == "failed" and name in row.message and "provider/model" in row.do
        # Well-known names need no provider.
        assert found(model="gpt-4o-mini")[0].state == "ok"


@pytest.mark.parametrize(
    ("values", "setting"),
    [({"model_operations": "generate.x=fast"}, "MODEL_OPERATIONS"), ({"model_prices": "m"}, "MODEL_PRICES")],
)
def test_a_wrong_setting_is_a_failure(values: dict[str, str], setting: str) -> None:
    (only,) = found(model="openai/m", **values)
    assert only.state == "failed"
    assert setting in only.message


def test_a_server_of_ones_own_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    with openai_stub() as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url.replace("http://", "http://name:hidden@"))
        there = found(model="openai/m")[0]
        assert stub.asked == []
    gone = found(model="openai/m")[0]
    assert (there.state, gone.state) == ("ok", "failed")
    assert "OPENAI_BASE_URL" in gone.do
    assert "hidden" not in there.message + gone.message
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "to anything" in found(model="openai/m")[0].do
    with ollama_stub() as ollama:
        monkeypatch.setenv("OLLAMA_API_BASE", ollama.url)
        assert found(model="ollama_chat/m")[0].state == "ok"
    assert "OLLAMA_API_BASE" in found(model="ollama_chat/m")[0].do
    monkeypatch.setenv("OLLAMA_API_BASE", "file:///etc/hostname")
    assert found(model="ollama/m")[0].state == "failed"


def test_the_caps_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert found(model="openai/m")[-1].state == "note"
    capped = found(model="openai/m", spend_per_user_day="0.5", spend_per_day=20, **PRICED)[-1]
    assert (capped.name, capped.state) == ("spending", "ok")
    assert "$0.50 for one user, $20.00 for all calls" in capped.message
