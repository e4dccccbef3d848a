"""Intervals: lengths, opens, closes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from screener import INTERVAL_MS, interval_ms, is_close, is_multiple, open_of


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def test_lengths() -> None:
    assert INTERVAL_MS["15m"] == 900_000
    assert interval_ms("1w") == 7 * 86_400_000
    with pytest.raises(ValueError, match="unknown interval '7m'"):
        interval_ms("7m")


def test_opens() -> None:
    assert open_of(ms(2026, 1, 5, 12, 34), "15m") == ms(2026, 1, 5, 12, 30)
    # 2026-01-05 is a Monday.
    assert open_of(ms(2026, 1, 11, 23, 59), "1w") == ms(2026, 1, 5)
    assert open_of(ms(2026, 1, 5), "1w") == ms(2026, 1, 5)
    # Opens of files in Binance's archive: three days count from 1970-01-02, across the ends of months.
    assert [open_of(ms(2024, 4, day), "3d") for day in (1, 2, 3)] == [ms(2024, 3, 31)] * 2 + [ms(2024, 4, 3)]
    assert open_of(ms(2023, 12, 8, 5), "3d") == ms(2023, 12, 8)


def test_closes() -> None:
    assert is_close(ms(2026, 1, 5, 12), "4h")
    assert not is_close(ms(2026, 1, 5, 13), "4h")
    assert is_close(ms(2026, 1, 5, 13), "1h")


def test_multiples() -> None:
    assert is_multiple("4h", "15m")
    assert is_multiple("1h", "1h")
    assert not is_multiple("8h", "6h")
    assert not is_multiple("1w", "3d")
    assert is_multiple("1w", "1d")


def test_the_language_needs_no_numba() -> None:
    code = "import sys, screener; sys.exit('numba' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
