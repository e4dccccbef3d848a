"""Whole months of candles from Binance's public archive, which costs no request weight.

1. `fetch` asks for `<address>/data/<venue>/monthly/klines/<SYMBOL>/<interval>/<SYMBOL>-<interval>-<month>.zip`, the
   file's checksum first: where there is none, there is no file.
2. `_unpack` takes the one CSV file out of the zip, never more of it than `MOST_BYTES`.
3. `_parse` reads its rows: a header line where there is one (perpetuals have it, spot has not), times in milliseconds
   or microseconds (spot since 2025-01-01), and refuses what cannot be candles of that month.

New months appear on the first Monday of the next one; 3d and 1w are months behind. Files of single days are left
alone, and candles longer than half an hour: a request by REST brings 1,000, and needs no checksum. `worth` says when a
month is worth fetching.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote

import aiohttp
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from market.source import FIELDS, CandleBlock
from market.types import MarketError, SourceUnavailable
from screener.intervals import interval_ms, open_of

BINANCE_ARCHIVE: Final = "https://data.binance.vision"
MOST_ZIP_BYTES: Final = 16 << 20
MOST_BYTES: Final = 64 << 20
"""A month of minutes is 8 MiB of CSV; anything beyond these is no candle file."""

_FOLDERS: Final = {"spot": "spot", "usdm": "futures/um"}
# Times beyond this are microseconds: as milliseconds they would lie in the year 5138.
_MICROSECONDS_FROM: Final = 100_000_000_000_000
_COLUMNS: Final = ("open_time", *FIELDS[:5], "close_time", *FIELDS[5:], "ignore")
_TYPES: Final = {"open_time": pa.int64(), **dict.fromkeys(FIELDS, pa.float64())}


class BadArchive(MarketError):
    """A file of the archive cannot be used: wrong checksum, broken zip, or contents that are no candles."""


class Archive:
    """Files of one venue under `address` (Binance's own, or a server of the same shape). Needs a running event loop."""

    def __init__(self, venue: Literal["spot", "usdm"], address: str = BINANCE_ARCHIVE, timeout_s: float = 60.0) -> None:
        self.address = address.rstrip("/")
        self._folder = _FOLDERS[venue]
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=10.0))

    async def fetch(self, symbol: str, interval: str, month: str) -> CandleBlock | None:
        """The candles of a month, as in `2024-01`; None where the archive has no such file.

        Raises `BadArchive` for a file that cannot be used, `SourceUnavailable` where the archive cannot be reached.
        """
        name = f"{symbol}-{interval}-{month}.zip"
        path = f"/data/{self._folder}/monthly/klines/{quote(symbol)}/{interval}/{quote(name)}"
        told = await self._get(f"{path}.CHECKSUM", 1 << 12)
        data = await self._get(path, MOST_ZIP_BYTES) if told is not None else None
        if told is None or data is None:
            return None
        return await asyncio.to_thread(_read, told, data, name, symbol, interval, month)

    async def _get(self, path: str, most: int) -> bytes | None:
        """A file of at most `most` bytes; None where there is none."""
        try:
            async with self._session.get(self.address + path) as response:
                if response.status == 404:
                    return None
                if response.status != 200:
                    raise SourceUnavailable(f"{self.address} answered {response.status} to {path}")
                data = bytearray()
                async for chunk in response.content.iter_chunked(1 << 16):
                    data += chunk
                    if len(data) > most:
                        raise BadArchive(f"{path} is larger than {most:,} bytes")
                return bytes(data)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            text = str(error) or type(error).__name__
            raise SourceUnavailable(f"{self.address} cannot be reached: {text}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()


def month_of(time_ms: int) -> tuple[str, int, int]:
    """The month that contains a time: its name in the archive, its first moment and the next month's (ms UTC)."""
    first = datetime.fromtimestamp(time_ms / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return f"{first:%Y-%m}", int(first.timestamp() * 1000), int(after.timestamp() * 1000)


def worth(interval: str, missing_ms: int, per_request: int) -> bool:
    """Whether a month of which so much is missing comes quicker from the archive than by REST."""
    return missing_ms > per_request * interval_ms(interval)


def _read(told: bytes, data: bytes, name: str, symbol: str, interval: str, month: str) -> CandleBlock:
    wanted = told.split()[0].decode("ascii", "replace").lower() if told.split() else ""
    found = hashlib.sha256(data).hexdigest()
    if wanted != found:
        raise BadArchive(f"{name}: the checksum is {found}, not {wanted or 'told'}")
    return _parse(_unpack(data, name), name, symbol, interval, month)


def _unpack(data: bytes, name: str) -> bytes:
    """The zip's one CSV file. Raises BadArchive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
            if len(members) != 1:
                raise BadArchive(f"{name}: holds {len(members)} CSV files, not one")
            if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # The others are unpacked whole, however little of them is read.
                raise BadArchive(f"{name}: is packed in a way that the archive does not use")
            with archive.open(members[0]) as file:
                # Whatever size the zip claims: a small zip can unpack to gigabytes.
                text = file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadArchive(f"{name}: cannot be unpacked: {error or type(error).__name__}") from error
    if len(text) > MOST_BYTES:
        raise BadArchive(f"{name}: unpacks to more than {MOST_BYTES:,} bytes")
    return text


def _parse(text: bytes, name: str, symbol: str, interval: str, month: str) -> CandleBlock:
    """The rows of a CSV file. Raises BadArchive."""
    text = text.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text[:1].isdigit():
        text = text.partition(b"\n")[2]
    if not text.strip():
        return CandleBlock(symbol, interval, np.empty(0, np.int64), np.empty((0, len(FIELDS))))
    try:
        table = pa_csv.read_csv(
            io.BytesIO(text),
            read_options=pa_csv.ReadOptions(column_names=list(_COLUMNS), use_threads=False),
            convert_options=pa_csv.ConvertOptions(column_types=_TYPES, include_columns=["open_time", *FIELDS]),
        )
    except pa.ArrowException as error:
        raise BadArchive(f"{name}: cannot be read: {error}") from error
    if any(column.null_count for column in table.columns):
        raise BadArchive(f"{name}: lacks a number")
    times = table.column("open_time").to_numpy()
    micro = times >= _MICROSECONDS_FROM
    if (times[micro] % 1000).any():
        raise BadArchive(f"{name}: a candle opens between two milliseconds")
    times = np.where(micro, times // 1000, times)
    values = np.column_stack([table.column(field).to_numpy() for field in FIELDS])
    if not np.isfinite(values).all():
        raise BadArchive(f"{name}: holds a number that is not finite")
    if (np.diff(times) <= 0).any():
        raise BadArchive(f"{name}: candles are out of order")
    _, first, end = month_of(int(datetime.fromisoformat(f"{month}-01T00:00Z").timestamp() * 1000))
    if times[0] < first or times[-1] >= end:
        raise BadArchive(f"{name}: holds candles of another time")
    if ((times - open_of(int(times[0]), interval)) % interval_ms(interval)).any():
        raise BadArchive(f"{name}: a candle opens where no {interval} candle does")
    return CandleBlock(symbol, interval, times, values)
