"""Log lines on standard error: time, level, part, message. Secrets never reach it: settings hold them as SecretStr."""

import logging
import sys


def configure(part: str, level: str = "info") -> logging.Logger:
    """Set up logging for one process and return its logger."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format=f"%(asctime)s %(levelname)-7s {part} %(name)s: %(message)s",
        force=True,
    )
    for noisy in ("httpx", "apscheduler", "binance", "websockets", "aiohttp.access", "numba", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A tick that finds the last one still at work is left out on purpose, and says so as a warning each second.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    return logging.getLogger(part)
