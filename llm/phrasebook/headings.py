"""The name that a sentence gives its strategy: "Dip buyer: RSI below 30"."""

from __future__ import annotations

from llm.phrasebook.conditions import read_condition
from llm.phrasebook.leftover import LIGHT
from llm.phrasebook.lexicon import is_filler
from llm.phrasebook.reader import Reader

MAX_HEADING = 10
BEATEN = frozenset("rekt squeezed liquidated trapped burned burnt wrecked crushed smoked caught".split())  # noqa: SIM905


def read_heading(r: Reader, sentence: str) -> str | None:
    """Words before a first colon, with no number and no rule among them; steps over them and says so."""
    tokens = r.tokens
    at = next((i for i, token in enumerate(tokens[: MAX_HEADING + 1]) if token.text == ":"), None)
    if not at or any(token.kind not in ("word", "sign") or token.text in ",.;" for token in tokens[:at]):
        return None
    words = [token for token in tokens[:at] if token.kind == "word"]
    plain = Reader(tokens[:at])
    if all(is_filler(token.text) or token.text in LIGHT for token in words) or not words:
        return None
    if any(plain.take(name) for name in ("exit", "hourly", "on", "while", "either", "stop", "target", "unless")):
        return None
    beaten = any(token.text in BEATEN for token in words)
    if not beaten and (plain.take("direction") or (plain.take("not") and len(words) > 5)):
        return None
    title = Reader(tokens[:at])
    if read_condition(title, None) is not None and words[0].text not in ("quiet", "no"):
        while not title.done and any(title.take(name, fill=False) for name in ("and", "or")):
            if read_condition(title, None) is None:
                break
        rest = tokens[title.position : at]
        if all(token.text in LIGHT or is_filler(token.text) for token in rest):
            return None
    text = sentence[tokens[0].start : tokens[at - 1].end].strip()
    r.note(f"“{text}” was taken as the name.")
    r.position = at + 1
    return text


def read_beaten(r: Reader) -> bool:
    """ "shorts getting rekt" names no direction of ours."""
    mark = r.mark()
    r.word("are", "get", "gets", "getting", "got", "being")
    if r.word(*BEATEN):
        return True
    r.reset(mark)
    return False
