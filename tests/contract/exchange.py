"""The simulated exchange as a program of its own, for clients that know nothing of us: address and keys, no more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen


@dataclass(frozen=True)
class Exchange:
    """Where it listens, and the account's key."""

    rest: str
    streams: str
    key: str
    secret: str

    def get(self, path: str) -> Any:
        """A public answer, read without any client."""
        with urlopen(self.rest + path, timeout=30) as answer:
            return json.load(answer)


def redirect(addresses: dict[str, Any], exchange: Exchange) -> None:
    """Replace the hosts in ccxt's table of addresses; paths stay as they are."""
    for name, address in addresses.items():
        if isinstance(address, dict):
            redirect(address, exchange)
        elif isinstance(address, str):
            base = exchange.streams if address.startswith("ws") else exchange.rest
            addresses[name] = f"{base}/{address.split('/', 3)[3]}"


@contextmanager
def running(symbols: int = 30, speed: int = 1) -> Iterator[Exchange]:
    """An exchange on a free port until the block ends. The faster it runs, the sooner something trades."""
    command = [sys.executable, "-m", "simexchange", "--port", "0", "--symbols", str(symbols), "--speed", str(speed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        yield Exchange(first["rest"], first["streams"], first["api_key"], first["api_secret"])
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
