"""A run in lines for people and in JSON for programs. A frozen case appears in figures alone, never by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from llm.evals.compare import Comparison
from llm.evals.results import AVERAGE, CaseResult, EvalRun, Figures, Split, percentile, summary

WORST: Final = 12

_HALVES: Final[tuple[tuple[Split, str], ...]] = (("tuned", "tuned on"), ("frozen", "frozen"))


class Column(NamedTuple):
    """A measure as a column of the table; `counted` prints over how many cases it is the average."""

    heading: str
    measure: str
    split: Split = "all"
    counted: bool = False


def table(run: EvalRun, columns: Sequence[Column], order: Sequence[str], *, by_split: bool = False) -> Iterator[str]:
    """A line a group and one of all: how many cases, then the columns as percent; a dash where nothing counts.

    Columns that count nowhere are left out. `by_split` adds a line of the cases tuned on, and one of the frozen.
    """
    found = summary(run.results, order)
    counts = [_value(found[AVERAGE][c.split], c)[1] for c in columns]
    kept = [column for column, count in zip(columns, counts, strict=True) if count]
    rows = [["", "cases", *(c.heading for c in kept)]]
    for group, splits in found.items():
        rows.append([group, str(splits["all"].cases), *(_cell(splits[c.split], c) for c in kept)])
    at_end = 1
    if by_split:
        for split, name in _HALVES:
            part = found[AVERAGE][split]
            rows.append([name, str(part.cases), *(_cell(part, c) for c in kept)])
        at_end = 3
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for i, row in enumerate(rows):
        if i == len(rows) - at_end:
            yield "-" * (sum(widths) + 2 * len(widths) - 2)
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join([row[0].ljust(widths[0]), *cells]).rstrip()


def spent(run: EvalRun) -> str:
    """Calls, drafts, tokens, cost and time of the run."""
    rows = [r.spent for r in run.results]
    asked = [s for s in rows if s.calls]
    repairs = sum(max(0, s.attempts - 1) for s in rows)
    latencies = [s.latency_ms for s in asked]
    known = [s.cost for s in asked if s.cost is not None]
    cost = f"${sum(known):.4f}" if known else "unknown"
    if known and len(known) < len(asked):
        cost += f" ({len(asked) - len(known)} cases of unknown cost)"
    return (
        f"{sum(s.calls for s in rows):,} calls, {repairs:,} repair rounds, "
        f"{sum(s.input_tokens for s in rows):,} + {sum(s.output_tokens for s in rows):,} tokens, cost {cost}, "
        f"latency p50 {_time(percentile(latencies, 0.5))}, p95 {_time(percentile(latencies, 0.95))}"
    )


def worst(run: EvalRun, limit: int = WORST) -> Iterator[str]:
    """The cases with the lowest scores, those of the frozen quarter left out."""
    shown = sorted((r for r in run.results if not r.frozen and r.score < 0.9), key=lambda r: (r.score, r.id))
    for result in shown[:limit]:
        yield f"  {result.score:.2f}  {result.id} ({result.group}): {_why(result)}"
    if len(shown) > limit:
        yield f"  and {len(shown) - limit} more"


def failures(run: EvalRun, limit: int = 5) -> Iterator[str]:
    """What went wrong where nothing could be scored, each reason once."""
    counts: dict[str, int] = {}
    for result in run.results:
        if result.error is not None:
            counts[result.error] = counts.get(result.error, 0) + 1
    for reason, count in sorted(counts.items(), key=lambda item: -item[1])[:limit]:
        yield f"  {count:,} cases: {reason}"
    if len(counts) > limit:
        yield f"  and {len(counts) - limit} more reasons"


def changes(found: Comparison, limit: int = WORST) -> Iterator[str]:
    """What became better and worse since the earlier run."""
    yield (
        f"since {found.before.info.started_at:%Y-%m-%d %H:%M} ({found.before.info.id[:8]}), over {found.cases} cases: "
        f"{100 * found.score_before:.1f} -> {100 * found.score_now:.1f}, "
        f"{len(found.better)} better, {len(found.worse)} worse"
    )
    for note in found.notes:
        yield f"  note: {note}"
    for word, rows in (("worse", found.worse), ("better", found.better)):
        shown = [c for c in rows if not c.frozen]
        for change in shown[:limit]:
            yield f"  {word}: {change.id} ({change.group}) {change.before:.2f} -> {change.now:.2f}"
        hidden = len(rows) - len(shown)
        rest = [f"{len(shown) - limit} more" if len(shown) > limit else "", f"{hidden} frozen" if hidden else ""]
        if any(rest):
            yield f"  {word}: and {', '.join(part for part in rest if part)}"


def as_json(run: EvalRun, order: Sequence[str], found: Comparison | None = None) -> dict[str, Any]:
    """The run, its figures by group and split, its results, and the comparison."""
    rows = summary(run.results, order)
    asked = [r.spent for r in run.results if r.spent.calls]
    return {
        "run": run.info.model_dump(mode="json"),
        "complete": run.complete,
        "stopped": run.stopped,
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "groups": {group: {split: _public(f) for split, f in splits.items()} for group, splits in rows.items()},
        "calls": sum(s.calls for s in asked),
        "input_tokens": sum(s.input_tokens for s in asked),
        "output_tokens": sum(s.output_tokens for s in asked),
        "cost": sum(s.cost or 0.0 for s in asked) if any(s.cost is not None for s in asked) else None,
        "latency_ms": {
            "p50": round(percentile([s.latency_ms for s in asked], 0.5), 3),
            "p95": round(percentile([s.latency_ms for s in asked], 0.95), 3),
        },
        "results": [r.model_dump(mode="json") for r in run.results],
        "since": found.public() if found is not None else None,
    }


def totals(run: EvalRun) -> dict[str, float]:
    """A run's own figures by name: `score`, `score.frozen`, then each measure of all cases."""
    splits = summary(run.results)[AVERAGE]
    found = {"score": splits["all"].score, "score.tuned": splits["tuned"].score, "score.frozen": splits["frozen"].score}
    return {**found, **splits["all"].measures}


def _value(found: Figures, column: Column) -> tuple[float, int]:
    if column.measure == "score":
        return found.score, found.cases
    return found.measures.get(column.measure, 0.0), found.counted.get(column.measure, 0)


def _cell(found: Figures, column: Column) -> str:
    value, count = _value(found, column)
    if not count:
        return "-"
    return f"{100 * value:.1f}" + (f" ({count})" if column.counted else "")


def _why(result: CaseResult) -> str:
    if result.error is not None:
        return result.error
    shown = result.output or {}
    if shown.get("code") is None:
        told = "; ".join(shown.get("not_understood") or ()) or shown.get("reason") or "no reason given"
        return f"no program ({told[:120]})"
    parts = [
        word
        for measure, word, bad in (
            ("compiled", "does not compile", 0.0),
            ("refused", "should have been refused", 0.0),
            ("interval", f"interval {shown.get('interval')}", 0.0),
            ("direction", f"direction {shown.get('direction')}", 0.0),
            ("lost_number", "a number is lost", 1.0),
            ("invented", f"invented {', '.join(shown.get('invented') or ())}", 1.0),
            ("silent", "and says nothing", 1.0),
        )
        if result.measures.get(measure) == bad
    ]
    return ", ".join(parts) or "matches other candles"


def _public(found: Figures) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "score": round(found.score, 6),
        "errors": found.errors,
        **{name: round(value, 6) for name, value in sorted(found.measures.items())},
    }


def _time(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"
