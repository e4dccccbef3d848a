"""Runs on disk: a file of JSON lines each, the first line what was evaluated, then a line a case as it is scored.

A run that ends writes how as its last line; one that was killed lacks it, and its last line may be cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

from pydantic import ValidationError

from llm.evals.results import CaseResult, EvalRun, RunInfo

SUFFIX = ".jsonl"


class RunFile:
    """The open file of one run; `with RunFile(folder, info) as file`. Raises OSError where it cannot be written."""

    def __init__(self, folder: Path, info: RunInfo) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{info.started_at:%Y%m%dT%H%M%S}-{info.kind}-{info.id[:8]}{SUFFIX}"
        self._file: IO[str] = self.path.open("x", encoding="utf-8")
        self._write({"run": info.model_dump(mode="json")})

    def add(self, result: CaseResult) -> None:
        """One more case."""
        self._write({"case": result.model_dump(mode="json")})

    def end(self, run: EvalRun) -> None:
        """How the run ended."""
        finished = run.finished_at.isoformat() if run.finished_at else None
        self._write({"end": {"finished_at": finished, "stopped": run.stopped}})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
        self._file.flush()


def stored(folder: Path, kind: str | None = None) -> Iterator[EvalRun]:
    """The runs of a folder, newest first; files that hold none are passed over."""
    pattern = f"*-{kind}-*{SUFFIX}" if kind else f"*{SUFFIX}"
    found = [run for path in folder.glob(pattern) if (run := read(path)) is not None]
    yield from sorted(found, key=lambda run: run.info.started_at, reverse=True)


def read(path: Path) -> EvalRun | None:
    """The run of a file; None where it has none. Lines that are cut off or unknown are passed over."""
    info: RunInfo | None = None
    results: dict[str, CaseResult] = {}
    end: dict[str, Any] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return None
    for line in lines:
        try:
            row = json.loads(line)
            if "run" in row:
                info = RunInfo.model_validate(row["run"])
            elif "case" in row:
                result = CaseResult.model_validate(row["case"])
                results[result.id] = result
            elif "end" in row:
                end = dict(row["end"])
        except (ValueError, TypeError, ValidationError):
            continue
    if info is None:
        return None
    finished = end.get("finished_at")
    return EvalRun(
        info=info,
        results=tuple(results.values()),
        finished_at=datetime.fromisoformat(finished) if isinstance(finished, str) else None,
        stopped=end.get("stopped") if end else "ended by force",
    )
