"""Bad input of the command line: exit code 2, a message that names the trouble, JSON on standard output if asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from app.cli import cli

RSI = "match = ta.rsi(close, 14) < 30\n"
HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR


def run(arguments: Sequence[str], text: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=text)


def errors(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["errors"]
    assert found
    assert all(set(row) == {"code", "line", "column", "message", "hint"} for row in found)
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for k, symbol in enumerate(("BTCUSDT", "ETHUSDT")):
        close = [100.0 + k + ((i * 7) % 11) for i in range(60)]
        table = pa.table(
            {
                "open_time": [START + i * HOUR for i in range(60)],
                "open": close,
                "high": [c + 1 for c in close],
                "low": [c - 1 for c in close],
                "close": close,
                "volume": [10.0] * 60,
            }
        )
        (tmp_path / "market" / symbol).mkdir(parents=True)
        pq.write_table(table, tmp_path / "market" / symbol / "1h.parquet")
    return tmp_path / "market"


def test_compile_reports_all_errors() -> None:
    result = run(["compile", "-", "--json"], "a = ta.smaa(close, 3)\nmatch = a > nothing\n")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["ok"] is False
    assert [row["line"] for row in report["errors"]] == [1, 2]
    plain = run(["compile", "-"], "match = ta.smaa(close, 3) > 1\n")
    assert plain.exit_code == 2
    assert "sma" in plain.stderr


def test_empty_program_has_a_place() -> None:
    result = run(["compile", "-", "--json"], "")
    assert result.exit_code == 2
    assert [(row["line"], row["column"]) for row in errors(result)] == [(1, 1)]


def test_compile_chooses_a_base_that_fits() -> None:
    text = 'match = tf("15m").close > 1 and tf("4h").close > 2\n'
    report = json.loads(run(["compile", "-", "--json"], text).stdout)
    assert report["ok"] is True
    assert report["intervals"] == ["15m", "4h"]


def test_missing_file_and_not_text(tmp_path: Path) -> None:
    assert errors(run(["compile", str(tmp_path / "none.flt"), "--json"]))[0]["message"].startswith("there is no file")
    (tmp_path / "bytes.flt").write_bytes(b"\xff\xfe\x00")
    result = run(["compile", str(tmp_path / "bytes.flt")])
    assert result.exit_code == 2
    assert "UTF-8" in result.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--interval", "7m"], "7m"),
        (["--interval", "1h", "--symbol", "ETHUSD"], "did you mean ETHUSDT"),
        (["--interval", "1h", "--from", "yesterday"], "yesterday"),
        (["--interval", "1h", "--from", "2024-01-02", "--to", "2024-01-01"], "--from is after --to"),
        (["--interval", "5m"], "no 5m candles"),
        ([], "--interval"),
    ],
)
def test_scan_arguments(data: Path, more: list[str], words: str) -> None:
    arguments = ["scan", "-", "--data", str(data), *more]
    machine = run([*arguments, "--json"], RSI)
    assert machine.exit_code == 2
    assert words in errors(machine)[0]["message"]
    person = run(arguments, RSI)
    assert person.exit_code == 2
    assert person.stdout == ""
    assert words in person.stderr


def test_scan_folders(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, words in ((tmp_path / "empty", "holds no"), (tmp_path / "gone", "no such folder")):
        result = run(["scan", "-", "--data", str(folder), "--interval", "1h", "--json"], RSI)
        assert result.exit_code == 2
        assert words in errors(result)[0]["message"]
    (data / "ETHUSDT" / "1h.parquet").write_bytes(b"PAR1 but not really")
    result = run(["scan", "-", "--data", str(data), "--interval", "1h", "--json"], RSI)
    assert result.exit_code == 2
    assert "ETHUSDT/1h.parquet" in errors(result)[0]["message"]


def test_unknown_symbol_in_the_filter(data: Path) -> None:
    text = 'match = symbol("DOGEUSDT").close > 1\n'
    result = run(["scan", "-", "--data", str(data), "--interval", "1h", "--json"], text)
    assert result.exit_code == 2
    assert "DOGEUSDT" in errors(result)[0]["message"]


def test_scan_and_explain_agree(data: Path) -> None:
    text = "match = close > 108 and volume > 5\n"
    result = run(["scan", "-", "--data", str(data), "--interval", "1h", "--hits", "all", "--json"], text)
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows
    assert set(rows[0]) == {"symbol", "candle_close", "price", "score", "conditions"}
    first = rows[0]
    arguments = ["explain", "-", "--data", str(data), "--interval", "1h", "--json"]
    answer = json.loads(run([*arguments, "--symbol", first["symbol"], "--at", first["candle_close"]], text).stdout)
    assert answer["match"] is True
    assert answer["price"] == first["price"]
    assert [c["left"] for c in answer["conditions"]] == [c["left"] for c in first["conditions"]]


def test_explain_before_the_first_candle(data: Path) -> None:
    arguments = ["explain", "-", "--data", str(data), "--interval", "1h", "--symbol", "BTCUSDT", "--at", "2001-01-01"]
    result = run([*arguments, "--json"], RSI)
    assert result.exit_code == 2
    assert "has no 1h candle" in errors(result)[0]["message"]


def test_generate_says_what_was_not_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCREENER_MODEL", raising=False)
    result = run(["generate", "flurb the wibble", "--json"])
    assert result.exit_code == 1
    assert errors(result)
    assert run(["generate", "  "]).exit_code == 2


def test_chain_and_kill_switch_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREENER_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert run(["chain", "nonsense", "--json"]).exit_code == 2
    assert run(["user", "tier", "ada@example.org", "anonymous"]).exit_code == 2
    for arguments in (["chain", "latest"], ["kill-switch", "on"], ["user", "tier", "ada@example.org", "pro"]):
        result = run(arguments)
        assert result.exit_code == 1
        assert "screener up" in result.stderr
    refused = run(["db", "reset"])
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
