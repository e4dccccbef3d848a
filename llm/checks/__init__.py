"""What no compiler sees: whether a program is what its sentence said, whoever wrote it.

1. `facts` reads words, numbers, intervals and symbols off the compiled graph.
2. `mentions` reads the same off the sentence; `unused` says what of the sentence the graph lacks, and what it invents.
3. `contradictions` finds what the graph can never satisfy; `questions` what the sentence left open, with the choice
   taken and the code of the others.
"""

from llm.checks.check import check_sentence
from llm.checks.shapes import Choice, Question, SentenceCheck, Unused

__all__ = ["Choice", "Question", "SentenceCheck", "Unused", "check_sentence"]
