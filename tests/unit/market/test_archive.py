"""Files of the public archive over HTTP: both venues' shapes, and what must not be believed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

import pytest

import market.archive
from market.archive import Archive, BadArchive, month_of, worth
from market.source import CandleBlock
from market.types import SourceUnavailable
from tests.unit.market.archive_server import ArchiveServer, csv_of, zip_of
from tests.unit.market.candle_blocks import block, end

# T0 is 2023-11-15.
MONTH = "2023-11"


@pytest.fixture
async def server() -> AsyncIterator[ArchiveServer]:
    async with ArchiveServer() as running:
        yield running


async def fetched(
    server: ArchiveServer, month: str, venue: Literal["spot", "usdm"] = "spot", interval: str = "1h"
) -> CandleBlock | None:
    archive = Archive(venue, server.address + "/")
    try:
        return await archive.fetch("AUSDT", interval, month)
    finally:
        await archive.aclose()


def same(found: CandleBlock | None, wanted: CandleBlock) -> None:
    assert found is not None
    assert (found.symbol, found.interval) == (wanted.symbol, wanted.interval)
    assert found.open_times.tolist() == wanted.open_times.tolist()
    assert found.values.tolist() == wanted.values.tolist()


async def test_a_month_of_spot_has_no_header_line(server: ArchiveServer) -> None:
    wanted = block(0, 24, "1h")
    path = server.put("spot/monthly", "AUSDT", "1h", MONTH, zip_of("AUSDT-1h-2023-11.zip", csv_of(wanted)))
    same(await fetched(server, MONTH), wanted)
    assert path == "/data/spot/monthly/klines/AUSDT/1h/AUSDT-1h-2023-11.zip"
    assert server.asked == [f"{path}.CHECKSUM", path]


async def test_perpetuals_have_a_header_line(server: ArchiveServer) -> None:
    wanted = block(0, 24, "1h")
    server.put("futures/um/monthly", "AUSDT", "1h", MONTH, zip_of("x.zip", csv_of(wanted, header=True)))
    same(await fetched(server, MONTH, "usdm"), wanted)
    # Older files of theirs have none.
    server.put("futures/um/monthly", "AUSDT", "1h", MONTH, zip_of("x.zip", csv_of(wanted)))
    same(await fetched(server, MONTH, "usdm"), wanted)


async def test_spot_counts_microseconds_since_2025(server: ArchiveServer) -> None:
    first = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
    plain = block(0, 48, "1h")
    wanted = CandleBlock("AUSDT", "1h", first + plain.open_times - plain.open_times[0], plain.values)
    text = csv_of(wanted, scale=1000)
    assert text.startswith("1735689600000000,")
    server.put("spot/monthly", "AUSDT", "1h", "2025-01", zip_of("x.zip", text))
    same(await fetched(server, "2025-01"), wanted)
    # A file may change its unit in the middle, and a byte-order mark hides no row.
    lines = [*csv_of(wanted).splitlines()[:5], *text.splitlines()[5:]]
    server.put("spot/monthly", "AUSDT", "1h", "2025-01", zip_of("x.zip", "\ufeff" + "\r\n".join(lines)))
    same(await fetched(server, "2025-01"), wanted)


async def test_what_the_archive_has_not(server: ArchiveServer) -> None:
    assert await fetched(server, MONTH) is None
    path = server.put("spot/monthly", "AUSDT", "1h", MONTH, zip_of("x.zip", ""))
    found = await fetched(server, MONTH)
    assert found is not None and len(found) == 0
    del server.files[path]
    assert await fetched(server, MONTH) is None
    server.put("spot/monthly", "AUSDT", "1h", MONTH, zip_of("x.zip", csv_of(block(0, 2, "1h"))))
    del server.files[f"{path}.CHECKSUM"]
    assert await fetched(server, MONTH) is None


async def refused(server: ArchiveServer, data: bytes, checksum: str | None = None) -> str:
    server.put("spot/monthly", "AUSDT", "1h", MONTH, data, checksum)
    with pytest.raises(BadArchive) as caught:
        await fetched(server, MONTH)
    assert str(caught.value).startswith("AUSDT-1h-2023-11.zip: ")
    return str(caught.value).partition(": ")[2]


async def test_a_wrong_checksum_or_a_broken_zip_is_refused(server: ArchiveServer) -> None:
    good = zip_of("x.zip", csv_of(block(0, 24, "1h")))
    assert (await refused(server, good, "0" * 64)).endswith(f"not {'0' * 64}")
    assert (await refused(server, good, " ")).startswith("the checksum is")
    assert (await refused(server, good[: len(good) // 2])).startswith("cannot be unpacked")
    assert (await refused(server, good[:-30] + bytes(30))).startswith("cannot be unpacked")
    middle = bytearray(good)
    middle[200] ^= 0xFF
    assert (await refused(server, bytes(middle))).startswith("cannot be unpacked")
    assert (await refused(server, b"<html>not a zip</html>")).startswith("cannot be unpacked")


async def test_a_small_zip_cannot_unpack_to_a_large_file(
    server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zip_of("x.zip", b"1" * (market.archive.MOST_BYTES + 1))
    assert len(bomb) < 100_000
    assert await refused(server, bomb) == "unpacks to more than 67,108,864 bytes"
    # Nor does what the zip says of its size count.
    claimed = bomb.replace((market.archive.MOST_BYTES + 1).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert claimed != bomb
    assert "unpack" in await refused(server, claimed)
    monkeypatch.setattr(market.archive, "MOST_ZIP_BYTES", 1000)
    server.put("spot/monthly", "AUSDT", "1h", MONTH, bytes(2000))
    with pytest.raises(BadArchive, match="larger than 1,000 bytes"):
        await fetched(server, MONTH)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_a_zip_whose_size_cannot_be_bounded_is_not_unpacked(server: ArchiveServer, method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("x.csv", csv_of(block(0, 24, "1h")))
    assert await refused(server, out.getvalue()) == "is packed in a way that the archive does not use"


def edited(change: dict[int, object], row: int = 3) -> str:
    """The CSV of a day with one row changed."""
    lines = csv_of(block(0, 24, "1h")).splitlines()
    cells = lines[row].split(",")
    for at, value in change.items():
        cells[at] = str(value)
    lines[row] = ",".join(cells)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (edited({0: end(3, "1h") + 60_000}), "a candle opens where no 1h candle does"),
        (edited({0: end(1, "1h")}), "candles are out of order"),
        (edited({0: 1}, row=0), "holds candles of another time"),
        (edited({0: end(900, "1h")}, row=23), "holds candles of another time"),
        (edited({4: "nan"}), "lacks a number"),
        (edited({4: "inf"}), "holds a number that is not finite"),
        (edited({4: ""}), "lacks a number"),
        (edited({4: "12,5"}), "cannot be read"),
        (edited({4: "abc"}), "cannot be read"),
        (edited({0: "1.5"}), "cannot be read"),
        (edited({0: end(3, "1h") * 1000 + 1}), "a candle opens between two milliseconds"),
        ("1,2,3\n", "cannot be read"),
    ],
)
async def test_what_cannot_be_candles_is_refused(server: ArchiveServer, text: str, message: str) -> None:
    assert (await refused(server, zip_of("x.zip", text))).startswith(message)


async def test_a_zip_holds_one_csv_file(server: ArchiveServer) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "1")
        archive.writestr("b.csv", "1")
    assert await refused(server, out.getvalue()) == "holds 2 CSV files, not one"
    assert await refused(server, zip_of("x.txt", "1")) == "holds 0 CSV files, not one"


async def test_an_archive_that_is_away(server: ArchiveServer) -> None:
    server.status = 503
    with pytest.raises(SourceUnavailable, match="answered 503"):
        await fetched(server, MONTH)
    archive = Archive("spot", "http://127.0.0.1:9")
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        await archive.fetch("AUSDT", "1h", MONTH)
    await archive.aclose()


def test_months_and_what_is_worth_fetching() -> None:
    def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
        return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)

    assert month_of(ms(2024, 12, 31, 23, 59)) == ("2024-12", ms(2024, 12, 1), ms(2025, 1, 1))
    assert month_of(ms(2024, 2, 1)) == ("2024-02", ms(2024, 2, 1), ms(2024, 3, 1))
    month = ms(2024, 3, 1) - ms(2024, 2, 1)
    assert [interval for interval in ("1m", "15m", "30m", "1h", "1d") if worth(interval, month, 1000)] == [
        "1m", "15m", "30m"
    ]  # fmt: skip
