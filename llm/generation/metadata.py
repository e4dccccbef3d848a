"""The metadata step: from a sentence to everything about a strategy but its code.

What the sentence says of interval and direction holds, whatever a model answers.
"""

from __future__ import annotations

from typing import Final

from llm.generation.ask import MAX_SENTENCE, Asking, GenerationFailed
from llm.models import ModelAnswer
from llm.phrasebook.sentences.base import DEFAULT_INTERVAL
from llm.phrasebook.translate import sentence_direction, sentence_interval
from llm.phrasebook.vocabulary.tokens import INTERVALS
from llm.reference import metadata_reference
from llm.schemas import Direction, StrategyMetadata

EXAMPLE: Final = {
    "name": "...",
    "description": "...",
    "direction": "long",
    "interval": DEFAULT_INTERVAL,
    "conditions": ["..."],
    "instructions": "...",
    "indicators": ["RSI(14)"],
    "risk": {"stop_atr": 1.5, "target_atr": 3.0, "max_hold_candles": 48},
    "category": "momentum",
    "difficulty": "beginner",
    "assumptions": [],
    "not_understood": [],
    "sources": [{"name": "", "condition": "...", "words": "..."}],
}


async def read_metadata(asking: Asking, sentence: str, interval: str | None) -> ModelAnswer[StrategyMetadata]:
    """The metadata step; raises `GenerationFailed` where the sentence is empty, too long or holds no condition, or the
    model fails."""
    text = checked_sentence(sentence)
    checked_interval(interval)
    variables = {**metadata_reference(), "sentence": text, "interval": interval}
    answer = await asking.ask("generate.metadata", variables, StrategyMetadata, EXAMPLE)
    metadata = held_to_sentence(answer.data, text, interval)
    if not metadata.conditions:
        unread = metadata.not_understood or [text[:200]]
        raise GenerationFailed(_nothing(metadata, asking), not_understood=unread, attempts=1)
    await asking.tell("Read the sentence")
    return ModelAnswer(data=metadata, text=answer.text, model=answer.model)


def _nothing(metadata: StrategyMetadata, asking: Asking) -> str:
    """Why a sentence gave no condition, with what its reader said of the words it left out."""
    # What was taken where nothing was said explains nothing here.
    notes = [note for note in metadata.assumptions if not note.startswith("No ") and " given: " not in note][:3]
    if not notes and asking.offline:
        notes = ["The offline translator reads English; a language model (SCREENER_MODEL) reads other languages too."]
    return " ".join(["No condition was understood.", *notes])


def checked_sentence(sentence: str) -> str:
    """The sentence without blanks around it; raises `GenerationFailed` where there is none, or too much."""
    text = sentence.strip()
    if not text:
        reason = "The sentence is empty. Write what should be looked for, for example: RSI below 30 on 15m."
        raise GenerationFailed(reason, kind="input")
    if len(text) > MAX_SENTENCE:
        reason = f"The sentence has {len(text):,} characters; the limit is {MAX_SENTENCE:,}."
        raise GenerationFailed(reason, kind="input")
    return text


def checked_interval(interval: str | None) -> None:
    """Raises `GenerationFailed` for what is no interval."""
    if interval is not None and interval not in INTERVALS:
        reason = f"'{interval}' is not an interval; choose one of {', '.join(INTERVALS)}."
        raise GenerationFailed(reason, kind="input")


def held_to_sentence(
    metadata: StrategyMetadata, sentence: str, option: str | None, side: Direction | None = None
) -> StrategyMetadata:
    """The interval and direction that the sentence names are the ones used, whatever the model answered; a `side` that
    a person chose holds."""
    changes: dict[str, object] = {}
    notes = list(metadata.assumptions)
    base = sentence_interval(sentence, option)
    if base is not None and metadata.interval != base:
        changes["interval"] = base
        asked = f", not {option}" if option not in (None, base) else ""
        notes.append(f"The sentence names {base}, so {base} is the base{asked}.")
    elif base is None and option is not None and metadata.interval != option:
        changes["interval"] = option
    elif base is None and metadata.interval not in INTERVALS:
        changes["interval"] = DEFAULT_INTERVAL
        notes.append(f"The model named no usable interval: {DEFAULT_INTERVAL}.")
    direction = side or sentence_direction(sentence)
    if direction is not None and direction != metadata.direction:
        changes["direction"] = direction
        notes.append(f"The sentence says {direction}, so the direction is {direction}.")
    return metadata.model_copy(update={**changes, "assumptions": notes[-40:]}) if changes else metadata
