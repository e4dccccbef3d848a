"""The offline translator: a phrase grammar that answers the same questions as a language model, with
stated limits.

The way of a sentence: `preparing` makes it plain; `sentences.walker` goes through it and asks `conditions` for one
condition after another, which come from an operand (`operands`) and what is said of it (`predicates`), or from a phrase
that is a condition by itself (`events`); what was meant (`meaning`) is written as code. All read with the cursor and
the templates of `reading` over the tables of `vocabulary`. `dialects` takes code instead of prose. Doors: `translate`
for a sentence, `edited` for one condition of a strategy, `rework` for a program, `model` for them all. Each package
says its layer; a layer imports only lower ones.
"""

from llm.phrasebook.model import PhrasebookModel
from llm.phrasebook.translate import Translation, sentence_direction, sentence_interval, translate

__all__ = ["PhrasebookModel", "Translation", "sentence_direction", "sentence_interval", "translate"]
