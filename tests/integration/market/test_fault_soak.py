"""A simulated half-hour under every fault, audited; and an audit that fails where something is wrong."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from click.testing import CliRunner

from app.commands.soak import soak, table
from app.soak import SCRIPT, Soak, SoakError, SoakOptions, differences, unaccounted
from market.types import Coverage
from simexchange.faults.script import KINDS, read_script
from tests.integration.market.fault_runs import Pace, Remembered, feeding

DENSE = Path(__file__).parent / "dense_faults.toml"
NAMES = ("BTCUSDT", "ETHUSDT")


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_half_an_hour_under_every_fault_leaves_the_panel_equal_to_the_truth() -> None:
    told: list[str] = []
    report = await Soak(SoakOptions(0.5, 7, 120.0, 5, DENSE), told.append).run()
    assert report.differences == [] and report.unaccounted == []
    assert report.good and len(report.minutes) >= 30 and report.compared > 5 * 300
    assert told and told[-1].startswith("00:30 of 00:30")
    # On a busy machine some of them find nothing to strike.
    assert set(report.struck) == set(KINDS) and sum(times > 0 for times in report.struck.values()) >= 3
    assert "ok: the panel equals the truth" in table(report)


@pytest.mark.parametrize("script", [SCRIPT, DENSE])
def test_the_scripts_hold_every_kind(script: Path) -> None:
    assert {fault.kind for fault in read_script(script, 0)[1]} == set(KINDS)


def test_the_command_prints_json_and_refuses_bad_scripts(tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.toml"
    quiet.write_text('[[faults]]\nkind = "duplicate"\nfor = 1000000\n')
    command = ["--hours", "0.1", "--speed", "300", "--symbols", "2", "--json", "--faults"]
    done = CliRunner().invoke(soak, [*command, str(quiet)])
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert row["ok"] and row["coverage"]["minutes"] >= 6 and row["faults_struck"]["duplicate"] > 0
    coverage = row["coverage"]
    assert sum(coverage[name] for name in ("fresh", "late", "stale", "missing")) == 2 * coverage["minutes"]
    assert coverage["fresh"] > 0
    quiet.write_text('[[faults]]\nkind = "twice"\n')
    refused = CliRunner().invoke(soak, [*command, str(quiet)])
    assert refused.exit_code == 2 and "fault 1, kind: must be one of drop" in refused.stdout


async def test_an_exchange_that_does_not_start_is_told() -> None:
    with pytest.raises(SoakError, match=r"did not start: simexchange: /nowhere\.toml: No such file"):
        await Soak(SoakOptions(script=Path("/nowhere.toml"))).run()


async def test_a_wrong_panel_is_found() -> None:
    async with contextlib.AsyncExitStack() as stack:
        feed, _, _, address = await stack.enter_async_context(feeding(Remembered(7, 2), Pace(), audit_hours=0.0))
        control = await stack.enter_async_context(aiohttp.ClientSession(address))
        compared, found = await differences(feed, control)
        assert compared > 100 and found == []
        last = np.array([feed.boundary - 60_000])
        feed.panel.put("1m", 1, last, {"close": np.array([1.0])})
        _, found = await differences(feed, control)
        assert len(found) == 1 and found[0].startswith("ETHUSDT 1m: of ") and "1 differ" in found[0]
        feed.panel.put("3m", 0, np.array([feed.boundary // 180_000 * 180_000 - 180_000]), {"close": np.array([np.nan])})
        _, found = await differences(feed, control)
        assert len(found) == 2 and "1 lack" in found[1]


def record(close_time: int, **groups: tuple[str, ...]) -> Coverage:
    late = groups.get("late", ())
    return Coverage(
        close_time,
        groups.get("fresh", ()),
        late,
        groups.get("stale", ()),
        groups.get("missing", ()),
        1.0,
        dict.fromkeys(late, 9.0),
    )


def test_what_is_not_accounted_for_is_found() -> None:
    good = [record(60_000, fresh=NAMES), record(120_000, fresh=NAMES[:1], stale=NAMES[1:])]
    later = [good[0], record(120_000, fresh=NAMES[:1], late=NAMES[1:])]
    assert unaccounted(good, later, NAMES) == []
    assert "one after the other" in unaccounted([good[0], replace(good[1], close_time=180_000)], later, NAMES)[0]
    assert "2 minutes were closed, and 1 have a record" in unaccounted(good, later[:1], NAMES)[0]
    twice = replace(later[1], missing=NAMES[1:])
    assert unaccounted(good, [good[0], twice], NAMES) == ["the record of 120000 does not have every symbol once"]
    assert unaccounted(good, later, (*NAMES, "SOLUSDT"))
    assert "how late" in unaccounted(good, [good[0], replace(later[1], late_seconds={})], NAMES)[0]
