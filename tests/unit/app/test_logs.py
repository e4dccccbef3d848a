"""Log lines: what others send cannot look like a line of its own."""

from __future__ import annotations

import logging
import sys

from app.logs import OneLine


def test_a_message_is_one_line_and_a_traceback_keeps_its_own() -> None:
    line = OneLine("%(levelname)s %(message)s")
    text = "the exchange says: %s"
    said = "Limit\n2026-01-01 ERROR worker: all is lost\x1b[2J\r\u2028\x85 \ttab, ünïcode 币"
    record = logging.LogRecord("x", logging.WARNING, "f", 1, text, (said,), None)
    expected = r"Limit\n2026-01-01 ERROR worker: all is lost\x1b[2J\r\u2028\x85 \ttab, ünïcode 币"
    assert line.format(record) == f"WARNING the exchange says: {expected}"
    try:
        raise ValueError("one")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    assert line.format(record).splitlines()[:2] == ["ERROR failed", "Traceback (most recent call last):"]
