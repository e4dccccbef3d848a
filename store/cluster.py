"""The files of the embedded server: its cluster, its passwords and the folder of its socket.

folder/data         the cluster, or a link to where it had to be kept (see store.server_account)
folder/socket       the socket's folder; where that path is too long, folder/socket-path names another
folder/secrets      passwords of the roles, readable by the owner alone
folder/initialised  says that there has been a cluster
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from store.errors import EmbeddedPostgresError
from store.migrate import LOGIN_ROLE
from store.server_account import Account, home_elsewhere
from store.server_programs import environment, last_lines, major_version

SUPERUSER = "postgres"
# A socket's path holds 107 bytes at most; the server adds its name and, for a moment, ".lock".
_MAX_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


class Cluster:
    """The files in `folder`; nothing is touched before a method says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.passwords: dict[str, str] = {}

    @property
    def data(self) -> Path:
        """Where the cluster really is."""
        return (self.folder / "data").resolve()

    @property
    def socket_folder(self) -> Path:
        """The socket's folder: the usual one where its path is short enough, else the one chosen before."""
        usual = self.data.parent / "socket"
        note = self.folder / "socket-path"
        return Path(note.read_text()) if not _fits(usual) and note.exists() else usual

    def prepare_folder(self) -> None:
        """Make the folder, closed to others. Raises EmbeddedPostgresError where it is somebody else's."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{self.folder} belongs to another user (was the program run with sudo?); "
                f"give it back with: sudo chown -R $(id -u) {self.folder}"
            ) from error
        except OSError as error:
            raise EmbeddedPostgresError(f"{self.folder} cannot be used for the database: {error}") from error

    def prepare(self, account: Account, programs: Path) -> None:
        """Make what is missing and hand everything to `account`.

        Raises EmbeddedPostgresError where the cluster is of another version, is gone, or cannot be made.
        """
        if account.way == "copy":
            self._keep_elsewhere(home_elsewhere(self.folder))
        self._load_or_make_passwords()
        os.chown(self.folder, account.uid, -1)
        self._check_version(programs)
        if not self._exists():
            self._initialise(account, programs)
        account.own(self.data)
        self.data.chmod(0o700)

    def prepare_socket_folder(self, account: Account) -> None:
        """Make the socket's folder, closed to everybody else."""
        folder = self.socket_folder
        if not _fits(folder) or (folder != self.data.parent / "socket" and not _is_private(folder, account.uid)):
            # mkdtemp chooses a random name, so nobody can have laid a trap there.
            folder = Path(tempfile.mkdtemp(prefix="screener-"))
            if not _fits(folder):
                folder.rmdir()
                raise EmbeddedPostgresError(
                    f"no place for the database's socket: the paths of {self.folder} and of the temporary "
                    f"folder {folder.parent} are too long; set TMPDIR or --data-dir to a shorter one"
                )
            (self.folder / "socket-path").write_text(str(folder))
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        account.own(folder)

    def load_passwords(self) -> bool:
        """Read the passwords; False where there are none or they may not be read."""
        try:
            self.passwords = json.loads((self.folder / "secrets").read_text())
        except (FileNotFoundError, PermissionError):
            return False
        return True

    def _exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def _keep_elsewhere(self, home: Path) -> None:
        link = self.folder / "data"
        if link.is_symlink():
            return
        if link.exists():
            shutil.move(link, home / "data")
        link.symlink_to(home / "data")

    def _load_or_make_passwords(self) -> None:
        if self.load_passwords():
            return
        file = self.folder / "secrets"
        if self._exists():
            raise EmbeddedPostgresError(
                f"{file} is missing, and the database cannot be opened without it; restore the file, or move "
                f"everything away to begin with an empty database: mv {self.folder} {self.folder}.old"
            )
        self.passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, LOGIN_ROLE)}
        draft = self.folder / "secrets.new"
        draft.unlink(missing_ok=True)
        _write_secret(draft, json.dumps(self.passwords))
        draft.rename(file)

    def _check_version(self, programs: Path) -> None:
        if not self._exists():
            if (self.folder / "initialised").exists():
                raise EmbeddedPostgresError(
                    f"the database that was kept in {self.data} is gone; restore it, or begin with an empty "
                    f"one: rm -r {self.folder}"
                )
            return
        made_by, ours = (self.data / "PG_VERSION").read_text().strip(), major_version(programs)
        if made_by != ours:
            raise EmbeddedPostgresError(
                f"the data folder {self.folder} was made by PostgreSQL {made_by}, and this program "
                f"brings PostgreSQL {ours}, which cannot read it. Nothing was changed. Either run the "
                "version of this program that made it, or move it away to begin with an empty database: "
                f"mv {self.folder} {self.folder}.pg{made_by}"
            )

    def _initialise(self, account: Account, programs: Path) -> None:
        """Make the cluster beside its place and rename it when complete: a crash leaves no half of one."""
        target = self.data
        draft, password_file = target.with_name("data.new"), target.with_name("password.new")
        shutil.rmtree(draft, ignore_errors=True)
        password_file.unlink(missing_ok=True)
        draft.mkdir(mode=0o700)
        _write_secret(password_file, self.passwords[SUPERUSER])
        for path in (draft, password_file):
            account.own(path)
        # From 17 on the server brings its own UTF-8 rules; before, the plain ones are there on every system.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        locale = builtin if int(major_version(programs)) >= 17 else []
        command = [
            str(programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale=C",
            *locale,
            "--no-instructions",
        ]
        try:
            done = _run(account, command)
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise EmbeddedPostgresError(f"cannot make a database in {target}: {last_lines(done.stdout)}")
        draft.rename(target)
        (self.folder / "initialised").touch()


def _run(account: Account, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    uid, gid = account.identity() or (None, None)
    return subprocess.run(
        account.command(command),
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
        cwd="/",
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _write_secret(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= _MAX_SOCKET_FOLDER


def _is_private(folder: Path, uid: int) -> bool:
    """Whether `folder` is a real folder of ours, not one that somebody put there."""
    try:
        state = folder.lstat()
    except FileNotFoundError:
        return False
    return not folder.is_symlink() and folder.is_dir() and state.st_uid in (uid, os.geteuid())
