"""Language models: the protocol, its implementations, prompts, and the generation of strategies."""

from llm.gateway import LiteLLMModel
from llm.generation import (
    GeneratedFilter,
    GenerationFailed,
    Progress,
    generate_filter,
    generate_metadata,
    generate_strategy,
)
from llm.models import LanguageModel, Message, ModelAnswer, ModelError, ModelRequest
from llm.phrasebook import PhrasebookModel
from llm.prompts import PromptError, manifest, render
from llm.schemas import FilterDraft, GeneratedStrategy, Risk, Source, StrategyMetadata
from llm.tracing import NoTracer, TracedModel, Tracer, tracer_from_environment

__all__ = [
    "FilterDraft",
    "GeneratedFilter",
    "GeneratedStrategy",
    "GenerationFailed",
    "LanguageModel",
    "LiteLLMModel",
    "Message",
    "ModelAnswer",
    "ModelError",
    "ModelRequest",
    "NoTracer",
    "PhrasebookModel",
    "Progress",
    "PromptError",
    "Risk",
    "Source",
    "StrategyMetadata",
    "TracedModel",
    "Tracer",
    "generate_filter",
    "generate_metadata",
    "generate_strategy",
    "manifest",
    "render",
    "tracer_from_environment",
]
