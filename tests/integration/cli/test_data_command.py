"""`screener data` as a program against the simulated exchange: download, stop, go on, list, gaps, and a scan."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from app.cli import cli
from market.cache import HistoryCache
from market.source import CandleBlock
from screener.intervals import INTERVAL_MS, interval_ms
from tests.unit.market.archive_server import ArchiveServer, csv_of, serving, zip_of

ROOT = Path(__file__).parents[3]
NOW = int(datetime(2024, 3, 10, 12, 30, tzinfo=UTC).timestamp() * 1000)


@contextmanager
def exchange(now_ms: int) -> Iterator[str]:
    """The address of a simulated exchange with 12 symbols, which begins at this time."""
    start = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat()
    command = [sys.executable, "-m", "simexchange", "--port", "0", "--symbols", "12", "--start", start]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["rest"]
        process.kill()


@pytest.fixture(scope="module")
def rest() -> Iterator[str]:
    """An exchange in March 2024."""
    with exchange(NOW) as address:
        yield address


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("SCREENER_"):
            monkeypatch.delenv(name)


def screener(*arguments: str | Path, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def lines(run: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_downloaded_candles_are_listed_and_scanned(rest: str, tmp_path: Path) -> None:
    """The folder of the settings, and every interval there is."""
    data = {"SCREENER_DATA_DIR": str(tmp_path), "SCREENER_EXCHANGE_REST_URL": rest, "SCREENER_HISTORY": "sim"}
    every = ",".join(INTERVAL_MS)
    arguments = ("--symbols", "BTCUSDT,ethusdt", "--intervals", every, "--from", "2024-03-08", "--to", "2024-03-10")
    run = screener("data", "download", *arguments, "--json", **data)
    assert run.exit_code == 0, run.stderr
    rows = lines(run)
    assert {(row["symbol"], row["interval"]) for row in rows} == {
        (symbol, interval) for symbol in ("BTCUSDT", "ETHUSDT") for interval in INTERVAL_MS
    }
    fetched = {row["interval"]: row["fetched"] for row in rows if row["symbol"] == "ETHUSDT"}
    assert (fetched["1m"], fetched["1h"], fetched["1d"], fetched["1w"]) == (2880, 48, 2, 0)
    assert all(row["done"] and row["failure"] is None for row in rows)
    assert "candles" in run.stderr and "files" in run.stderr

    folder = tmp_path / "history" / "sim"
    listed = {(row["symbol"], row["interval"]): row for row in lines(screener("data", "list", "--json", **data))}
    assert listed["BTCUSDT", "1m"]["candles"] == 2880
    assert listed["BTCUSDT", "1m"]["from"] == "2024-03-08T00:00:00Z"
    assert listed["BTCUSDT", "1m"]["to"] == "2024-03-10T00:00:00Z"
    assert listed["BTCUSDT", "1h"]["bytes"] == (folder / "BTCUSDT" / "1h.parquet").stat().st_size

    again = screener("data", "download", *arguments, **data)
    assert again.exit_code == 0 and ": 0 candles fetched" in again.stdout and " 0 requests" in again.stdout

    filter_ = tmp_path / "filter.txt"
    filter_.write_text('match = close > ta.ema(close, 20) and tf("1h").close > tf("1h").open\n')
    scan = screener("scan", filter_, "--data", folder, "--interval", "5m", "--hits", "all", "--json", **data)
    assert scan.exit_code == 0, scan.stderr
    assert {row["symbol"] for row in lines(scan)} == {"BTCUSDT", "ETHUSDT"}


def test_perpetuals_are_a_venue_of_their_own(rest: str, tmp_path: Path) -> None:
    """In pages of 499, which weigh least there."""
    span = (
        "--intervals",
        "15m,1h",
        "--from",
        "2024-03-01",
        "--to",
        "2024-03-08",
        "--rest-url",
        rest,
        "--out",
        tmp_path,
    )
    run = screener("data", "download", "--symbols", "BTCUSDT", "--venue", "usdm", *span, "--json", "--quiet")
    assert run.exit_code == 0, run.stderr
    assert [(row["fetched"], row["requests"]) for row in lines(run)] == [(672, 2), (168, 1)]
    assert len(HistoryCache(tmp_path).held("BTCUSDT", "15m").times) == 672


def test_gaps_of_a_folder(tmp_path: Path) -> None:
    cache = HistoryCache(tmp_path)
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
    times = start + interval_ms("1h") * np.array([0, 1, 2, 5, 6, 9], np.int64)
    columns = {name: np.ones(6) for name in ("open", "high", "low", "close", "volume")}
    (tmp_path / "AUSDT").mkdir()
    pq.write_table(pa.table({"open_time": times, **columns}), tmp_path / "AUSDT" / "1h.parquet")
    held = cache.held("AUSDT", "1h")

    cache.write(
        CandleBlock("AUSDT", "1h", held.times[:0], held.values[:0]), [(int(times[2]) + 3_600_000, int(times[3]))]
    )
    run = screener("data", "gaps", tmp_path, "--json")
    assert run.exit_code == 0, run.stderr
    assert lines(run) == [
        {
            "symbol": "AUSDT",
            "interval": "1h",
            "problem": None,
            "missing": 4,
            "gaps": [
                {"from": "2024-01-01T03:00:00Z", "to": "2024-01-01T05:00:00Z", "candles": 2, "confirmed": True},
                {"from": "2024-01-01T07:00:00Z", "to": "2024-01-01T09:00:00Z", "candles": 2, "confirmed": False},
            ],
        }
    ]
    plain = screener("data", "gaps", tmp_path)
    assert plain.stdout.splitlines() == [
        "AUSDT          1h   2024-01-01T03:00:00Z to 2024-01-01T05:00:00Z  2 candles  the exchange has none",
        "AUSDT          1h   2024-01-01T07:00:00Z to 2024-01-01T09:00:00Z  2 candles",
    ]
    assert plain.stderr == "1 files: 2 gaps, 4 candles; 1 gaps confirmed\n"
    broken = tmp_path / "BUSDT" / "1m.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"PAR1")
    for command in ("gaps", "list"):
        run = screener("data", command, tmp_path, "--json")
        assert run.exit_code == 1 and str(broken) in run.stderr
        assert [row["problem"] is None for row in lines(run)] == [True, False]
    assert broken.read_bytes() == b"PAR1"
    assert screener("data", "list", tmp_path / "none").exit_code == 2


def test_stopped_by_control_c_it_leaves_whole_files_and_goes_on(rest: str, tmp_path: Path) -> None:
    arguments = ["data", "download", "--all", "--intervals", "1m", "--from", "2024-03-06", "--out", str(tmp_path)]
    arguments += ["--rest-url", rest]
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    # Its first line of progress: candles are coming in.
    first = process.stderr.readline()
    assert " of 12 files" in first, first
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, (out, err)
    assert "stopped; what came in is stored" in err and "Traceback" not in err
    cache = HistoryCache(tmp_path)
    names = [entry.name for entry in tmp_path.iterdir()]
    held = {name: len(cache.held(name, "1m").times) for name in names}
    expected = (NOW - int(datetime(2024, 3, 6, tzinfo=UTC).timestamp() * 1000)) // 60_000
    assert 0 < sum(held.values()) < 12 * expected and not cache.problems
    end = ["--to", "2024-03-10"]
    run = screener(*arguments, *end, "--quiet", "--json")
    assert run.exit_code == 0 and run.stderr == "", run.stderr
    assert len(lines(run)) == 12
    # What the first run brought was not asked for again.
    assert sum(row["fetched"] for row in lines(run)) <= 12 * 5_760 - sum(held.values()) + 12 * 1000
    again = lines(screener("data", "gaps", tmp_path, "--json"))
    assert len(again) == 12 and all(row["missing"] == 0 for row in again)


def test_bad_arguments_and_an_exchange_that_is_away(rest: str, tmp_path: Path) -> None:
    def error(*arguments: str, code: int) -> str:
        run = screener("data", "download", *arguments, "--out", tmp_path, "--rest-url", rest, "--json")
        assert run.exit_code == code, run.stderr
        (entry,) = json.loads(run.stdout.splitlines()[0])["errors"]
        return str(entry["message"])

    time = ("--from", "2024-03-01")
    assert "did you mean BTCUSDT?" in error("--symbols", "BTCUST", "--intervals", "1m", *time, code=2)
    assert "no interval" in error("--symbols", "BTCUSDT", "--intervals", "1m,7m", *time, code=2)
    assert "--symbols, or take --all" in error("--intervals", "1m", *time, code=2)
    assert "is no time" in error("--all", "--intervals", "1m", "--from", "yesterday", code=2)
    assert "not before" in error("--all", "--intervals", "1m", *time, "--to", "2024-02-01", code=2)
    simple = ("data", "download", "--symbols", "BTCUSDT", "--intervals", "1m", *time)
    mixing = screener(*simple, "--rest-url", rest, SCREENER_DATA_DIR=str(tmp_path))
    assert mixing.exit_code == 2 and "--out must say" in mixing.stderr and not (tmp_path / "history").exists()
    away = screener(*simple, "--rest-url", "http://127.0.0.1:9", "--out", tmp_path)
    assert away.exit_code == 1 and "cannot be reached" in away.stderr and "Traceback" not in away.stderr


def test_months_come_from_an_archive_beside_the_exchange(rest: str, tmp_path: Path) -> None:
    """Its candles are the exchange's own, with a mark in the volume to tell them by."""
    base = ["data", "download", "--symbols", "BTCUSDT", "--intervals", "15m", "--quiet", "--rest-url", rest]
    span = ["--from", "2024-02-01", "--to", "2024-03-02"]
    run = screener(*base, *span, "--out", str(tmp_path / "rest"))
    assert run.exit_code == 0, run.stderr
    whole = HistoryCache(tmp_path / "rest").held("BTCUSDT", "15m")
    march = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1000)
    inside = whole.times < march
    marked = whole.values[inside].copy()
    marked[:, 4] += 1.0
    with serving(ArchiveServer()) as server:
        block = CandleBlock("BTCUSDT", "15m", whole.times[inside], marked)
        server.put("spot/monthly", "BTCUSDT", "15m", "2024-02", zip_of("x.zip", csv_of(block)))
        options = ["--archive-url", server.address, "--out", str(tmp_path / "both"), "--json"]
        run = screener(*base, *span, *options)
    assert run.exit_code == 0, run.stderr
    (row,) = lines(run)
    assert row["from_archive"] == int(inside.sum()) == 29 * 96
    found = HistoryCache(tmp_path / "both").held("BTCUSDT", "15m")
    assert found.times.tolist() == whole.times.tolist()
    assert np.allclose(found.values[inside], marked, rtol=0, atol=1e-8)
    assert (found.values[~inside] == whole.values[~inside]).all()


def test_the_examples_of_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    _, _, section = text.partition("\n## History\n")
    commands = section.partition("```sh\n")[2].partition("```")[0].splitlines()
    assert len(commands) == 5
    monkeypatch.chdir(tmp_path)
    Path("filter.txt").write_text("match = close > open\n")
    # In its first days: the examples ask for months.
    with exchange(int(datetime(2024, 1, 4, tzinfo=UTC).timestamp() * 1000)) as address:
        for command in commands:
            words = command.split()
            assert words[0] == "screener"
            run = screener(*words[1:], SCREENER_EXCHANGE_REST_URL=address, SCREENER_HISTORY="sim")
            assert run.exit_code == 0, f"{command}: {run.output}"
    assert HistoryCache(tmp_path / ".screener" / "history" / "sim").held("ETHUSDT", "1m").times.size == 3 * 1440
    assert len(list((tmp_path / "candles").iterdir())) == 12
