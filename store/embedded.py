"""A Postgres server of the program's own, in a folder of its own (its files: store.cluster).

1. `start` takes `folder/lock`, which a program holds while it owns the server, chooses the account the server
   runs under (store.server_account), and makes or checks the cluster.
2. It adopts a server that outlived its program, clears a stale `postmaster.pid`, and otherwise starts one
   (`_launch`), waiting until a log-in succeeds. After `kill -9` the old server's memory may be held for a
   moment: it tries again.
3. `stop` asks for a fast shutdown and waits; `ensure_running` starts a server that has died.

The server listens on no network address. Its socket lies in a folder that only the owner may enter, and
log-in needs a password even there (SCRAM).
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self
from urllib.parse import quote

import psycopg

from store.cluster import SUPERUSER, Cluster
from store.errors import EmbeddedPostgresError
from store.migrate import LOGIN_ROLE
from store.server_account import Account, Way, choose_account, copied_programs
from store.server_programs import environment, find_programs, is_server, last_lines, tail

DATABASE = "postgres"
_PORT = 5432
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
}


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
        self._cluster = Cluster(folder)
        self._programs = programs
        self._ways = tuple(ways)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._account: Account | None = None

    # What others need to know

    @property
    def folder(self) -> Path:
        """Where everything of this server lies."""
        return self._cluster.folder

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
        return self._cluster.passwords[LOGIN_ROLE]

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    # Life cycle

    def start(self) -> Self:
        """Start or adopt the server and wait until it answers.

        Raises EmbeddedPostgresError, which says what to do.
        """
        try:
            if self._lock is None:
                self._cluster.prepare_folder()
                self._take_lock()
            self._start()
        except BaseException as error:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._release_lock()
            if isinstance(error, OSError):
                raise EmbeddedPostgresError(f"{self.folder} cannot be used for the database: {error}") from error
            raise
        return self

    def stop(self) -> None:
        """Shut the server down, finishing its writes, and let go of the folder.

        Does nothing where this object does not own the server.
        """
        if self._lock is None:
            return
        pid = self.process_id()
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

    def process_id(self) -> int | None:
        """Return the process id of this folder's living server, or None."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        try:
            pid = int((self._cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_server(pid, self._cluster.data) else None

    def is_running(self) -> bool:
        """Whether the server accepts a log-in now."""
        return self.process_id() is not None and self._answers()

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

    def _dsn(self, role: str) -> str:
        password = self._cluster.passwords[role]
        host = quote(str(self._cluster.socket_folder), safe="")
        return f"postgresql://{role}:{quote(password)}@/{DATABASE}?host={host}"

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
        self._cluster.prepare(self._account, programs)
        self._launch(programs)

    def _launch(self, programs: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        if self._adopt(deadline):
            return
        self._cluster.prepare_socket_folder(self._known_account())
        while True:
            outcome = self._launch_once(programs, deadline)
            if outcome == "ready":
                return
            if outcome == "failed" or time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"the database server in {self.folder} did not start:"
                    f" {last_lines(tail(self.log_path))} "
                    f"(whole log: {self.log_path})"
                )
            time.sleep(0.2)

    def _adopt(self, deadline: float) -> bool:
        """Take over a server that outlived its program; clear the pid file of one that did not."""
        while (pid := self.process_id()) is not None:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"a database server (process {pid}) holds {self.folder} but does not answer; end it and try again"
                )
            time.sleep(0.1)
        # The number in a stale file may belong to any other process by now, which Postgres would take for its
        # own.
        (self._cluster.data / "postmaster.pid").unlink(missing_ok=True)
        return False

    def _launch_once(self, programs: Path, deadline: float) -> Literal["ready", "held", "failed"]:
        account = self._known_account()
        uid, gid = account.identity() or (None, None)
        settings = {**_SETTINGS, "unix_socket_directories": str(self._cluster.socket_folder)}
        arguments = [str(programs / "postgres"), "-D", str(self._cluster.data)]
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
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = tail(self.log_path, begin)
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

    def _end(self, pid: int, number: signal.Signals, seconds: float) -> bool:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process_id() is None:
                return True
            time.sleep(0.02)
        return False

    def _known_account(self) -> Account:
        assert self._account is not None, "start() chooses the account first"
        return self._account


def running_dsn(folder: Path) -> str | None:
    """Return the application's address of the server that another program runs in `folder`, or None."""
    server = EmbeddedPostgres(folder)
    if not server._cluster.load_passwords() or not server.is_running():
        return None
    return server.app_dsn
