"""What no compiler sees: whether a program is what its sentence said, whoever wrote it.

1. `facts` reads words, numbers, intervals and symbols off the compiled graph.
2. `unused` reads the same off the sentence: what of it the graph lacks, and what the graph adds.
3. `agreement` holds the graph against the sentence as the offline translator reads it (`readings`): comparisons turned
   round, windows, intervals, joins, stops. English sentences only (`languages`).
4. `contradictions` finds what the graph can never satisfy; `questions` what the sentence left open, with the choice
   taken and the code of the others.
"""

from llm.checks.check import check_sentence
from llm.checks.shapes import Choice, Disagreement, Question, SentenceCheck, Unused

__all__ = ["Choice", "Disagreement", "Question", "SentenceCheck", "Unused", "check_sentence"]
