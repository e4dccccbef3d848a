"""Coverage-guided fuzzing of the compiler, by hand: `pip install atheris`, then

    python tests/fuzz/fuzz_compiler.py -max_total_time=600 [folder of texts to keep]

Bytes become text: as UTF-8, or, where the first byte is odd, as a list of pieces of the language. Anything but a
program or a FilterError is a finding, and so is a text that takes longer than a second. The suite does not need this.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).absolute().parents[2]))

# No stubs, and not there unless somebody fuzzes.
atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["screener"]):
    from screener import FilterError, compile_filter

# After the block, because these load the kernels, which cannot be compiled with counters in them.
from tests.property.programs import BOOLEANS, LEAVES, NUMBERS, example  # noqa: E402
from tests.unit.screener_language.hostile.corpus import CORPUS  # noqa: E402
from tests.unit.screener_language.hostile.pieces import PIECES  # noqa: E402

SYMBOLS = frozenset({"BTCUSDT", "S0", "S1", "S2"})
WORDS = [*PIECES, *(example(row).removeprefix("match = ") for row in [*LEAVES, *NUMBERS, *BOOLEANS]), "\n", "match = "]
SECONDS = 1.0


def text_of(data: bytes) -> str:
    if data[:1] and data[0] % 2:
        return "match = " + " ".join(WORDS[b % len(WORDS)] for b in data[1:])
    return data[1:].decode("utf-8", "surrogateescape")


def once(data: bytes) -> None:
    text = text_of(data)
    began = time.thread_time()
    try:
        compile_filter(text, "15m", SYMBOLS)
    except FilterError as error:
        for d in error.diagnostics:
            assert d.line >= 1 and d.column >= 1 and d.message and str(d), d
    took = time.thread_time() - began
    assert took < SECONDS, f"{took} s"


def seeds(folder: Path) -> None:
    """Begin with the hostile corpus and a program for each word."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [text for _, text in CORPUS.values() if len(text) < 3000]
    for i, text in enumerate([*known, *(example(row) for row in [*LEAVES, *NUMBERS, *BOOLEANS])]):
        (folder / f"seed-{i}").write_bytes(b"\0" + text.encode("utf-8", "replace"))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            seeds(Path(argument))
    compile_filter("match = ta.dx(19) > 25", "15m")  # loads the library of the long tail, once
    atheris.Setup(sys.argv, once)
    atheris.Fuzz()
