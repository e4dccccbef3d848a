"""Log lines on standard error: time, level, part, message. Secrets never reach it: settings hold them as SecretStr."""

import logging
import re
import sys

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def visible(text: str, keep: str = "") -> str:
    """The text with control characters and marks of direction written as `\\x1b`, except those of `keep`."""
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else repr(found[0])[1:-1], text)


class OneLine(logging.Formatter):
    """Writes control characters of a message as `\\n`, `\\x1b`: what an exchange or a caller sends is told in messages,
    and must neither look like lines of ours nor move a terminal's cursor. Tracebacks keep their lines.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        record.message = visible(record.message)
        return super().formatMessage(record)


def configure(part: str, level: str = "info") -> logging.Logger:
    """Set up logging for one process and return its logger."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(f"%(asctime)s %(levelname)-7s {part} %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("httpx", "apscheduler", "binance", "websockets", "aiohttp.access", "numba", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A tick that finds the last one still at work is left out on purpose, and says so as a warning each second.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    return logging.getLogger(part)
