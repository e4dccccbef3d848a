"""Every hostile program is refused in time, with line and reason, and leaves nothing behind."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from screener import FilterError, compile_filter
from tests.unit.screener_language.hostile.corpus import CORPUS
from tests.unit.screener_language.hostile.work import MOST_CALLS, counted

SYMBOLS = frozenset({"BTCUSDT", "ETHUSDT"})

_heard: list[str] | None = None


def _hear(event: str, args: tuple[object, ...]) -> None:
    # Other threads, which an earlier test may have left, are not the compiler.
    if _heard is not None and threading.current_thread() is threading.main_thread():
        _heard.append(f"{event} {args!r}"[:200])


# A hook can never be removed, so one listens for the whole session, and only where a test asks.
sys.addaudithook(_hear)


@contextmanager
def listening() -> Iterator[list[str]]:
    """What Python itself reports meanwhile: files, imports, processes, sockets, code that runs."""
    global _heard
    heard: list[str] = []
    _heard = heard
    try:
        yield heard
    finally:
        _heard = None


def refused(text: str) -> FilterError:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, "15m", SYMBOLS)
    return caught.value


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CORPUS) >= 150
    assert len({text for _, text in CORPUS.values()}) >= len(CORPUS) - 2


@pytest.mark.parametrize("name", CORPUS)
def test_refused_with_place_and_reason(name: str) -> None:
    code, text = CORPUS[name]
    found = refused(text).diagnostics
    assert code in [d.code for d in found], [str(d)[:200] for d in found]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for d in found:
        assert d.severity == "error"
        assert 1 <= d.line <= len(lines)
        # One behind the last character is where something is missing.
        assert 1 <= d.column <= len(lines[d.line - 1]) + 1
        assert d.message
        assert len(str(d)) < 500
    assert list(found) == sorted(found, key=lambda d: (d.line, d.column, d.code))


@pytest.mark.parametrize("name", CORPUS)
def test_refused_with_bounded_work(name: str) -> None:
    text = CORPUS[name][1]
    refused(text)  # what is loaded once is loaded now
    with counted() as work, suppress(FilterError):
        compile_filter(text, "15m", SYMBOLS)
    assert work.calls < MOST_CALLS


@pytest.mark.parametrize("name", CORPUS)
def test_leaves_nothing_behind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = CORPUS[name][1]
    refused(text)  # what is loaded once, such as the time zones, is loaded now
    monkeypatch.chdir(tmp_path)
    modules, environment = set(sys.modules), dict(os.environ)
    with listening() as heard:
        refused(text)
    # Parsing is the one thing that Python is asked for. To show the line of a syntax error it opens the file of the
    # name given, which here is none and so can never be.
    allowed: tuple[str, ...] = ("compile ", "builtins.id ", "open ('', ")
    if "hour(" in text or "session(" in text:
        allowed = (*allowed, "open ('/usr/share/zoneinfo", "open ('/usr/lib/zoneinfo", "open ('/etc/zoneinfo")
    assert [event for event in heard if not event.startswith(allowed)] == []
    assert set(sys.modules) == modules
    assert dict(os.environ) == environment
    assert list(tmp_path.iterdir()) == []
