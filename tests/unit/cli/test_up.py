"""What `screener up` makes of settings and options."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.up import DEMO_SPEED, chosen
from app.settings import Settings


@pytest.mark.parametrize(
    ("variable", "option", "market", "speed"),
    [
        (None, None, None, DEMO_SPEED),
        ("1", None, None, 1.0),
        ("30", None, None, 30.0),
        ("30", 1.0, None, 1.0),
        ("30", 5.0, "binance", 1.0),
        (None, None, "binance", 1.0),
    ],
)
def test_speed_is_the_one_asked_for(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, option: float | None, market: str | None, speed: float
) -> None:
    monkeypatch.delenv("SCREENER_SPEED", raising=False)
    if variable:
        monkeypatch.setenv("SCREENER_SPEED", variable)
    assert chosen(Settings(_env_file=None), market, option, None).pace == speed


def test_a_part_started_alone_runs_at_real_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCREENER_SPEED", raising=False)
    assert Settings(_env_file=None).pace == 1.0


def test_the_data_folder_is_the_option_s(tmp_path: Path) -> None:
    assert chosen(Settings(_env_file=None), None, None, tmp_path).data_dir == tmp_path
