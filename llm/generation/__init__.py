"""From a sentence to a strategy: metadata, then a filter that compiles and says what the sentence says.

1. `operations` are what callers ask for; each is bounded in tries and says why it failed (`GenerationFailed`).
2. `metadata` reads the sentence; its interval and direction hold whatever a model answers.
3. `drafts` writes, compiles, checks and repairs a program; `mapping` finds each condition in words in it,
   `llm.kind` reads off what sort of strategy it is.
4. `ask` is how a model is asked: prompts, for whom it is paid, progress, and what the calls used.
"""

from llm.generation.ask import Asking, FailureKind, GenerationFailed, Progress, Usage
from llm.generation.drafts import GeneratedFilter
from llm.generation.operations import (
    How,
    explain_filter,
    filter_from_sentence,
    generate_filter,
    generate_metadata,
    generate_strategy,
    mend_filter,
    regenerate_filter,
)

__all__ = [
    "Asking",
    "FailureKind",
    "GeneratedFilter",
    "GenerationFailed",
    "How",
    "Progress",
    "Usage",
    "explain_filter",
    "filter_from_sentence",
    "generate_filter",
    "generate_metadata",
    "generate_strategy",
    "mend_filter",
    "regenerate_filter",
]
