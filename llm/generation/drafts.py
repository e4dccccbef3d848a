"""A program that compiles and says what it was asked to say: draft, compile, check, repair.

1. A draft is asked for and compiled. Its diagnostics go back word for word, each with the line it is about.
2. What no compiler sees goes back once: words of the sentence that the program leaves out or says otherwise, indicators
   that nobody asked for, conditions in words that no condition of the program stands for, what can never be true.
3. What is then still left out is said in `not_understood`, what was added or is said otherwise in `assumptions`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from llm.checks import SentenceCheck, check_sentence
from llm.checks.facts import facts_of
from llm.checks.unused import invented
from llm.generation.ask import Asking, GenerationFailed, failed, repair, which_try
from llm.generation.kept import newly_said
from llm.generation.mapping import mapped
from llm.models import ModelAnswer, ModelError
from llm.schemas import FilterDraft, Source
from screener import FilterError, Program, compile_filter, result_readings

MAX_LINE = 200
EXAMPLE: Final = {
    "filter_code": "...",
    "assumptions": [],
    "not_understood": [],
    "sources": [{"name": "dip", "condition": "...", "words": "..."}],
}


@dataclass(frozen=True, slots=True)
class Task:
    """What a program is to say. `sentence` may be empty; `conditions` are in words; `beside` are further words of the
    person's, that may name things too; `previous` is the program that must not come back unchanged, and whose exit,
    stop and target may stay."""

    sentence: str
    interval: str
    direction: str
    conditions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    told: tuple[Source, ...] = ()
    previous: Program | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedFilter:
    """A compiled filter, the drafts it took, what its writer assumed or left out, and what the checks found.

    `sources` say which condition of the program each condition in words is. `first_try` is whether the first draft
    compiled. `changes` are the differences from a program before, in words.
    """

    code: str
    program: Program
    attempts: int
    model: str
    assumptions: tuple[str, ...]
    not_understood: tuple[str, ...]
    sources: tuple[Source, ...] = ()
    checks: SentenceCheck = field(default_factory=SentenceCheck)
    first_try: bool = True
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A draft that compiles, with what is wrong with it all the same."""

    draft: FilterDraft
    program: Program
    model: str
    checks: SentenceCheck
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """One answer to the question for a program: its text, what is wrong with it, and what it `compiled` to, None where
    it did not. `readable` is whether it was a draft at all; `unread` are the words of the sentence it gave up on."""

    text: str
    problems: tuple[str, ...]
    compiled: _Compiled | None = None
    readable: bool = True
    unread: tuple[str, ...] = ()


async def write_filter(asking: Asking, operation: str, variables: Mapping[str, object], task: Task) -> GeneratedFilter:
    """Ask `operation` for a program until one compiles and says what `task` asks; raises `GenerationFailed` with the
    last diagnostics."""
    messages, version = await asking.first(operation, variables)
    kept: _Compiled | None = None
    first_try = False
    draft = _Draft("", ())
    attempt = 0
    for attempt in range(1, asking.most_drafts + 1):
        if attempt > 1:
            messages = await repair(messages, draft.text, draft.problems, EXAMPLE)
        asking.usage.drafts += 1
        try:
            answer = await asking.send(operation, messages, version, variables, FilterDraft)
        except ModelError as error:
            if kept is not None:
                break
            if error.kind != "bad_answer":
                raise failed(error, not_understood=task.not_understood, attempts=attempt) from error
            draft = _Draft(error.answer, (error.reason,), readable=asking.offline, unread=error.not_understood)
            await asking.tell(f"Got an answer that cannot be read, {which_try(attempt)}")
            continue
        draft = await _compiled(answer, task, asking, attempt)
        if draft.compiled is None:
            continue
        first_try = first_try or attempt == 1
        asking.usage.compiled_first = first_try
        compared = kept is not None
        if kept is None or len(draft.compiled.complaints) <= len(kept.complaints):
            kept = draft.compiled
        if asking.offline or compared or not kept.complaints:
            break
        if attempt < asking.most_drafts:
            await asking.tell("Compared it with the sentence, asked again about what is missing or added")
    if kept is None:
        raise _no_program(draft, task, attempt, asking)
    return _said(kept, task, attempt, first_try)


async def _compiled(answer: ModelAnswer[FilterDraft], task: Task, asking: Asking, attempt: int) -> _Draft:
    """A draft compiled and held against its task."""
    text = answer.data.filter_code
    code = without_fence(text)
    try:
        program = await asyncio.to_thread(compile_filter, code, task.interval, asking.symbols)
    except FilterError as error:
        await asking.tell(f"Wrote a filter that does not compile, {which_try(attempt)}")
        return _Draft(text, tuple(in_words(error, code)))
    made = await asyncio.to_thread(_examined, answer.data, program, answer.model, task, asking)
    await asking.tell(f"Wrote and compiled the filter, {which_try(attempt)}")
    return _Draft(text, made.complaints, made)


def accepted(draft: FilterDraft, program: Program, model: str, task: Task, asking: Asking) -> GeneratedFilter:
    """A program that is taken as it is, with what a model's would be held against."""
    return _said(_examined(draft, program, model, task, asking), task, 1, first_try=True)


def _no_program(last: _Draft, task: Task, attempts: int, asking: Asking) -> GenerationFailed:
    """Why no draft compiled, by the last one."""
    reason = last.problems[0]
    if not asking.offline:
        tries = "attempt" if attempts == 1 else "attempts"
        reason = f"The model wrote no working filter in {attempts} {tries}. Last problem: {reason}"
    unread = task.not_understood or last.unread or (task.sentence.strip()[:200],)
    return GenerationFailed(
        reason,
        kind="not_understood" if last.readable else "model",
        not_understood=[words for words in unread if words],
        problems=last.problems,
        attempts=attempts,
    )


def in_words(error: FilterError, code: str) -> list[str]:
    """Each diagnostic word for word, and below it the line of the program that it is about."""
    lines = code.splitlines()
    told = []
    for diagnostic in error.diagnostics:
        line = lines[diagnostic.line - 1] if 0 < diagnostic.line <= len(lines) else ""
        cut = line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…"
        told.append(f"{diagnostic}\n  line {diagnostic.line} is: {cut}" if line.strip() else str(diagnostic))
    return told


def without_fence(code: str) -> str:
    """The program inside a Markdown code fence, or the text itself."""
    text = code.strip()
    if "```" not in text:
        return text + "\n"
    inside = text.split("```")[1]
    first, _, rest = inside.partition("\n")
    return (rest if first.strip().isalpha() or not first.strip() else inside).strip() + "\n"


def _examined(draft: FilterDraft, program: Program, model: str, task: Task, asking: Asking) -> _Compiled:
    left_out = (*task.not_understood, *draft.not_understood)
    checks = SentenceCheck()
    if task.sentence:
        checks = check_sentence(
            task.sentence,
            program,
            direction=task.direction,
            conditions=task.conditions,
            not_understood=left_out,
            symbols=asking.symbols,
        )
        if checks.invented and (task.beside or task.previous is not None):
            asked = f"{task.sentence}. {task.beside}" if task.beside else task.sentence
            added = invented(asked, facts_of(newly_said(program, task.previous)))
            checks = checks.model_copy(update={"invented": added})
    found = mapped(task.conditions, program, (*draft.sources, *task.told), task.sentence or None)
    missing = tuple(text for text in found.missing if text not in left_out)
    complaints = list(_complaints(checks, missing))
    if task.previous is not None and task.previous.hash == program.hash and not draft.not_understood:
        complaints.append("The program is the same as before. Change what the error or the edited conditions ask for.")
    return _Compiled(draft, program, model, checks, found.sources, missing, tuple(complaints))


def _complaints(checks: SentenceCheck, missing: Sequence[str]) -> Iterator[str]:
    """What the checks found, told to the program's writer; `missing` are conditions in words without one in it."""
    for left in checks.unused:
        yield (
            f'The sentence says "{left.words}", and nothing in the program stands for it. Write it, or put these words '
            "in not_understood."
        )
    for other in checks.disagreements:
        yield (
            f'"{other.words}" seems to say: {other.asked}. The program says: {other.said}. Write what the sentence '
            "says; where the program is right, keep it and say in assumptions how you read these words."
        )
    yield from checks.contradictions
    for name in checks.invented:
        yield f"The program uses {name}, which the sentence does not name. Leave it out."
    for text in missing:
        yield (
            f'No condition of the program stands for "{text}". Give it an assignment of its own, or put these words in '
            "not_understood."
        )


def _said(made: _Compiled, task: Task, attempts: int, first_try: bool) -> GeneratedFilter:
    """The accepted draft; what it leaves out and adds is said in words."""
    left_out = [*made.draft.not_understood, *(item.words for item in made.checks.unused)]
    left_out += [f"condition without a part in the filter: {text}" for text in made.missing]
    assumed = list(made.draft.assumptions)
    assumed += [f"The filter uses {name}, which the sentence does not name." for name in made.checks.invented]
    assumed += [
        f"“{item.words}” seems to say: {item.asked}. The filter says: {item.said}."[:400]
        for item in made.checks.disagreements
    ]
    return GeneratedFilter(
        code=made.program.source or without_fence(made.draft.filter_code),
        program=made.program,
        attempts=attempts,
        model=made.model,
        assumptions=tuple(dict.fromkeys(assumed)),
        not_understood=tuple(dict.fromkeys(left_out)),
        sources=made.sources,
        checks=made.checks,
        first_try=first_try,
        changes=differences(task.previous, made.program) if task.previous is not None else (),
    )


def differences(before: Program, after: Program) -> tuple[str, ...]:
    """What `after` says that `before` did not, and the other way round, in words: each condition, and how a trade
    ends."""
    old = {condition.text: condition.reading for condition in before.conditions}
    new = {condition.text: condition.reading for condition in after.conditions}
    gone = [f"No longer: {reading}." for text, reading in old.items() if text not in new]
    added = [f"New: {reading}." for text, reading in new.items() if text not in old]
    interval = [] if before.base == after.base else [f"The base interval is {after.base}, no longer {before.base}."]
    ended, ends = result_readings(before), result_readings(after)
    endings = [
        f"{now}; before: {_lower(was)}." if now and was else f"New: {now}." if now else f"No longer: {was}."
        for now, was in ((ends.get(name, ""), ended.get(name, "")) for name in dict.fromkeys((*ended, *ends)))
        if now != was
    ]
    return (*interval, *gone, *added, *endings)


def _lower(reading: str) -> str:
    return f"{reading[:1].lower()}{reading[1:]}"
