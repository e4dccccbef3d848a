"""How long a signal lives that nobody decided: the one place that says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from analysis.settings import AnalysisSettings, AnalysisSettingsError
from app.times import to_ms
from screener.intervals import interval_ms

# A signal not decided within so many of its own candles is no longer the trade that was seen; a strategy may say else.
CANDLES: Final = 20
LEAST: Final = timedelta(hours=1)


def settings_of(stored: Mapping[str, Any]) -> AnalysisSettings:
    """A strategy's settings; the defaults where they cannot be used, which is told where signals are analysed."""
    try:
        return AnalysisSettings.of(stored)
    except AnalysisSettingsError:
        return AnalysisSettings()


def lifetime(interval: str, stored: Mapping[str, Any]) -> timedelta:
    """How long after its candle's close a signal of `interval` lives, in market time; `stored` are the settings of its
    strategy's analyses.
    """
    candle = timedelta(milliseconds=interval_ms(interval))
    if stored.get("expires") is not None:
        return candle * settings_of(stored).expires
    return max(candle * CANDLES, LEAST)


def deadline(candle_close: datetime, interval: str, stored: Mapping[str, Any]) -> int:
    """When a signal expires that nobody decided, in market time (ms UTC)."""
    return to_ms(candle_close + lifetime(interval, stored))
