"""A filter that does not compile, corrected by code where the compiler's own words leave one correction only.

1. `loop` compiles, asks the rules for what a diagnostic means, and goes on until the filter compiles or nothing is
   certain any more. Every change of a line is told with its reason; what may mean two things is left as it is.
2. `signs` has the rules for what cannot be read: signs of other languages, brackets, `=` for `==`, results.
3. `words` has those for names, arguments, outputs and intervals.
4. `lines` is a program as lines whose texts and comments no rule touches.
"""

from llm.generation.mending.loop import Change, Mended, mended

__all__ = ["Change", "Mended", "mended"]
