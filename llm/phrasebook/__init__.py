"""The offline translator: a phrase grammar that answers the same questions as a language model, with
stated limits."""

from llm.phrasebook.model import PhrasebookModel
from llm.phrasebook.translate import Translation, sentence_direction, sentence_interval, translate

__all__ = ["PhrasebookModel", "Translation", "sentence_direction", "sentence_interval", "translate"]
