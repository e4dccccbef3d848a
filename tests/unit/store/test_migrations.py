"""The migration files and the rules of the ledger; no server needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.errors import MigrationError
from store.migrate import Migration, _check_ledger, find_migrations

ONE = Migration("20260101000000", "one", "select 1;")
TWO = Migration("20260102000000", "two", "select 2;")


def test_the_files_are_found_in_order() -> None:
    found = find_migrations()
    assert [item.version for item in found] == sorted(item.version for item in found)
    assert found[0].name == "roles" and all(len(item.checksum) == 64 for item in found)


@pytest.mark.parametrize("name", ["1_short.sql", "20260101000000.sql", "20260101000000_Upper.sql"])
def test_a_bad_file_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("select 1;")
    with pytest.raises(MigrationError, match=name):
        find_migrations(tmp_path)


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"20260101000000_{name}.sql").write_text("select 1;")
    with pytest.raises(MigrationError, match="two migrations"):
        find_migrations(tmp_path)


def test_an_incomplete_installation_is_named(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="incomplete"):
        find_migrations(tmp_path / "absent")


def test_what_is_applied_is_not_applied_again() -> None:
    assert _check_ledger([ONE, TWO], [(ONE.version, ONE.checksum)]) == [TWO]
    # The Supabase tool keeps no checksum.
    assert _check_ledger([ONE, TWO], [(ONE.version, None), (TWO.version, TWO.checksum)]) == []


def test_line_ends_do_not_change_a_checksum() -> None:
    assert Migration("v", "n", "a\r\nb").checksum == Migration("v", "n", "a\nb").checksum


def test_an_edited_migration_is_an_error() -> None:
    with pytest.raises(MigrationError, match="20260101000000_one was edited after"):
        _check_ledger([Migration(ONE.version, "one", "select 2;")], [(ONE.version, ONE.checksum)])


def test_a_newer_database_is_an_error() -> None:
    with pytest.raises(MigrationError, match="update the program"):
        _check_ledger([ONE], [(ONE.version, ONE.checksum), (TWO.version, TWO.checksum)])


def test_a_late_file_of_an_early_version_is_an_error() -> None:
    with pytest.raises(MigrationError, match="20260101000000_one sorts before"):
        _check_ledger([ONE, TWO], [(TWO.version, TWO.checksum)])
