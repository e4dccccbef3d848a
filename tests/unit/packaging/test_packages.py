"""The wheel's package list is written by hand, so it must name every package there is."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOPS = [
    "analysis",
    "api",
    "app",
    "benchmarks",
    "broker",
    "llm",
    "market",
    "prompts",
    "screener",
    "simexchange",
    "store",
]


def test_every_package_is_in_the_wheel() -> None:
    listed = set(PROJECT["tool"]["setuptools"]["packages"])
    found = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for top in [*TOPS, "ui"]
        for file in (ROOT / top).rglob("*.py")
        if "vendor" not in file.parts
    }
    assert found | {"store.migrations"} == listed


def test_the_lock_names_no_index_and_pins_by_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^(-i|--index|--extra-index|--find-links)|https?://", lock, re.M)
    pins = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?==.*$", lock, re.M | re.I)
    assert len(pins) > 100
    assert all(pin.rstrip().endswith("\\") for pin in pins)


def test_no_file_grows_beyond_four_hundred_lines() -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for top in [*TOPS, "ui"]
        for file in (ROOT / top).rglob("*.py")
        if (count := len(file.read_text().splitlines())) > 400
    }
    assert long == {}
