"""The benchmarks: modules whose `run` yields rows (`benchmarks.rows.Row`), and what they are measured with."""

from typing import Final

BENCHMARKS: Final = {
    "engine": "the engine over a synthetic market: steps, history, memory, start, and how they grow",
    "market": "reading streams, a minute into the panel, back-fill under the weight limit, viewers of prices",
    "analysis": "analyses: a snapshot, the queue from signal to prompt, the ledger of outcomes",
    "demo": "the demo as a whole: seconds until ready and until the first signal, processor, memory",
}
"""Name and meaning of every benchmark, in the order in which they run."""
