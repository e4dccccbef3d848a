"""Child processes of `screener up`: started in order, watched, started again when they die, stopped in reverse order.

1. `Child` holds the command and restarts with a growing pause (`Child.watch`).
2. `die_with_parent` lets the kernel end a child whose parent was killed.
3. `stop_all` asks politely, waits, then kills.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 8.0
MAX_PAUSE_SECONDS = 30.0


def die_with_parent() -> None:
    """Between fork and exec, on Linux: the kernel sends SIGTERM to this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def port_in_use(host: str, port: int) -> bool:
    """Whether something already listens on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Child:
    """A program that should be running; its output goes to `log`."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    cwd: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    more: Callable[[], Sequence[str]] = tuple
    """Arguments that are computed at each start, appended to `command`."""
    _next_start: float = field(default=0.0, repr=False)
    _started: float = field(default=0.0, repr=False)
    _before: int = field(default=0, repr=False)

    def start(self) -> None:
        """Start the program; raises OSError where it cannot be started."""
        self._before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            # Its own session: Ctrl-C reaches only the parent, which then stops the parts in order.
            self.process = subprocess.Popen(
                [*self.command, *self.more()],
                env=dict(self.env),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._started = time.monotonic()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str | None:
        """Start the program again if it ended; returns a message when it did."""
        if self.running or self.process is None:
            return None
        now = time.monotonic()
        if self._next_start == 0.0:
            if now - self._started > 60:
                self.restarts = 0
            pause = min(0.5 * 2**self.restarts, MAX_PAUSE_SECONDS)
            self._next_start = now + pause
            return f"{self.name} ended with code {self.process.returncode}; starting it again in {pause:g} s"
        if now >= self._next_start:
            self._next_start = 0.0
            self.restarts += 1
            self.start()
        return None

    def said(self) -> str:
        """What its log says since it was started last."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._before)
            return file.read().decode("utf-8", "replace")

    def tail(self, lines: int = 12) -> str:
        """The last lines of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def stop_all(children: Sequence[Child]) -> None:
    """Stop the programs one after the other, last started first; what does not end in time is killed."""
    for child in reversed(children):
        if child.process is not None and child.running:
            child.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    for child in reversed(children):
        if child.process is None:
            continue
        try:
            child.process.wait(timeout=max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
