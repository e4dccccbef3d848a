"""The embedded server: as root or not, killed, moved, of another version, with a folder it cannot use."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from store import server_account
from store.embedded import EmbeddedPostgres, running_dsn
from store.errors import EmbeddedPostgresError
from store.server_account import Way
from store.server_programs import find_programs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to choose another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Private, like a home folder; not pytest's own, whose path is longer than a socket's may be.
    path = Path(tempfile.mkdtemp(prefix="screener-test-"))
    yield path / "postgres"
    left = EmbeddedPostgres(path / "postgres").process_id()
    if left is not None:
        os.kill(left, signal.SIGKILL)
    shutil.rmtree(path, ignore_errors=True)


def put(server: EmbeddedPostgres, value: int) -> None:
    with psycopg.connect(server.admin_dsn, autocommit=True) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", (value,))


def kept(server: EmbeddedPostgres) -> list[int]:
    with psycopg.connect(server.admin_dsn) as connection:
        return [row[0] for row in connection.execute("select value from kept order by 1").fetchall()]


def test_it_starts_quickly_and_comes_back_with_its_data(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        put(server, 1)
        assert (folder / "secrets").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
        with psycopg.connect(server.admin_dsn) as connection:
            assert connection.execute("show listen_addresses").fetchone() == ("",)
            methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
    assert methods == [("scram-sha-256",)]
    assert not server.is_running() and running_dsn(folder) is None
    begin = time.monotonic()
    with EmbeddedPostgres(folder) as again:
        assert time.monotonic() - begin < 5
        assert kept(again) == [1]


def test_a_second_program_is_told_who_has_the_folder(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        with pytest.raises(EmbeddedPostgresError, match=rf"in use .*process {os.getpid()}"):
            second = EmbeddedPostgres(folder)
            second.start()
        second.stop()
        assert running_dsn(folder) == server.app_dsn


def test_kill_9_of_the_server_loses_nothing(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        put(server, 1)
        pid = server.process_id()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert server.ensure_running()
        put(server, 2)
        assert kept(server) == [1, 2] and not server.ensure_running()


def test_kill_9_of_everything_loses_nothing(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from store.embedded import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])).start(); print(server.process_id(), flush=True);"
        "time.sleep(60)"
    )
    for kill_server in (False, True):
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert child.stdout is not None
        server_pid = int(child.stdout.readline())
        if kill_server:
            os.kill(server_pid, signal.SIGKILL)
        child.kill()
        child.communicate()
        with EmbeddedPostgres(folder) as server:
            # A server that outlived its program is taken over, a dead one replaced.
            assert (server.process_id() == server_pid) is not kill_server
            put(server, int(kill_server))
    with EmbeddedPostgres(folder) as server:
        assert kept(server) == [0, 1]


def test_a_stale_pid_file_may_name_a_living_stranger(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        put(server, 1)
        pid_file = folder / "data" / "postmaster.pid"
        lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    with EmbeddedPostgres(folder) as server:
        assert kept(server) == [1]


def test_another_major_version_is_explained(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    version = folder / "data" / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL 14, .* mv .*\.pg14"):
        EmbeddedPostgres(folder).start()


def test_a_lost_password_file_is_explained(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    secrets = folder / "secrets"
    text = secrets.read_text()
    secrets.unlink()
    with pytest.raises(EmbeddedPostgresError, match="secrets is missing"):
        EmbeddedPostgres(folder).start()
    secrets.write_text(text.replace('"postgres": "', '"postgres": "x'))
    with pytest.raises(EmbeddedPostgresError, match="does not accept the password"):
        EmbeddedPostgres(folder).start()
    secrets.write_text(text)
    with EmbeddedPostgres(folder) as server:
        assert server.is_running()


def test_a_vanished_database_is_not_replaced_by_an_empty_one(folder: Path) -> None:
    with EmbeddedPostgres(folder):
        pass
    (folder / "data").rename(folder / "moved")
    with pytest.raises(EmbeddedPostgresError, match="is gone"):
        EmbeddedPostgres(folder).start()


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    deep = folder.parent / ("deep" * 25) / "postgres"
    with EmbeddedPostgres(deep) as server:
        put(server, 1)
        socket = Path((deep / "socket-path").read_text())
        assert socket.stat().st_mode & 0o777 == 0o700
    with EmbeddedPostgres(deep) as server:
        assert kept(server) == [1] and Path((deep / "socket-path").read_text()) == socket
    shutil.rmtree(socket)


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as server:
        assert server.is_running()


def test_a_file_in_the_way_is_named(folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(EmbeddedPostgresError, match="cannot be used"):
        EmbeddedPostgres(folder).start()
    folder.unlink()


@as_root
def test_root_serves_a_private_home_in_every_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_account, "_ELSEWHERE", Path(tempfile.mkdtemp(prefix="screener-else-")))
    server_account._ELSEWHERE.chmod(0o755)
    programs = find_programs()
    ways: list[Way] = ["copy"]
    if server_account._namespace_works(server_account._other_account()):
        ways.insert(0, "namespace")
    for number, way in enumerate(ways):
        with EmbeddedPostgres(folder, ways=["switch", way]) as server:
            pid = server.process_id()
            put(server, number)
            owner = Path(f"/proc/{pid}").stat().st_uid
        assert (owner == 0) == (way == "namespace")
    # Once the folder can be reached, its data go on under another account, wherever they lie.
    folder.parent.chmod(0o755)
    with EmbeddedPostgres(folder, ways=["switch", "copy"], programs=programs) as server:
        assert kept(server) == list(range(len(ways)))
    shutil.rmtree(server_account._ELSEWHERE)
