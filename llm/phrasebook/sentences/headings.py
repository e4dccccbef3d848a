"""The name that a sentence gives its strategy: "Dip buyer: RSI below 30"."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.conditions.condition import read_condition
from llm.phrasebook.meaning.types import Condition, operands
from llm.phrasebook.operands.levels import LEVELS
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.sentences.leftover import LIGHT
from llm.phrasebook.vocabulary.indicators import OUTPUTS
from llm.phrasebook.vocabulary.lexicon import is_filler

MAX_HEADING = 10
BEATEN = frozenset("rekt squeezed liquidated trapped burned burnt wrecked crushed smoked caught".split())


def read_heading(r: Reader, sentence: str) -> str | None:
    """The name before a first colon; steps over it and says so. Where a chart or a side stands with it, these are left
    to be read, and the words of the name become pauses."""
    found = _plain_name(r, sentence)
    if found is None:
        _drop_name(r, sentence)
    return found


def _plain_name(r: Reader, sentence: str) -> str | None:
    """Words before a first colon, with no number and no rule among them."""
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


_RULES = frozenset("when if while once whenever only not no never exit stop target unless either without".split())


def _drop_name(r: Reader, sentence: str) -> None:
    """ "Daily contraction breakout, long: ...": with a chart or a side the words before a first colon are a name too,
    where one of them is no rule and a rule begins behind the colon; only chart and side are left to be read."""
    at = next((i for i, token in enumerate(r.tokens[: MAX_HEADING + 1]) if token.text == ":"), None)
    if not at or any(token.kind not in ("word", "sign", "span") or token.text in _RULES for token in r.tokens[:at]):
        return
    behind, title = Reader(list(r.tokens), position=at + 1, symbols=r.symbols), Reader(r.tokens[:at])
    rule = read_condition(behind, None)
    if rule is None:
        return
    named: list[int] = []
    unread = vague = False
    while not title.done:
        start = title.position
        if title.interval(fill=False) or any(title.take(name, fill=False) for name in ("direction", "chart", "on")):
            continue
        found = read_condition(title, None)
        vague = vague or (found is not None and _is_break(found[0]))
        if found is not None and any(operand.kind in OUTPUTS for operand in operands(found[0])):
            return
        text = title.tokens[start].text
        if found is None:
            title.position = start + 1
            unread = unread or not (is_filler(text) or text in LIGHT)
        named += range(start, title.position)
    if not unread and not (vague and _is_break(rule[0])):
        return
    r.note(f"“{sentence[r.tokens[named[0]].start : r.tokens[named[-1]].end]}” was taken as the name.")
    for place in named:
        r.tokens[place] = replace(r.tokens[place], kind="sign", text=",")


def _is_break(condition: Condition) -> bool:
    """Whether a price is held against a high or low of candles before."""
    found = list(operands(condition))
    levels = [
        operand for operand in found if operand.kind in LEVELS or operand.template.startswith(("highest(", "lowest("))
    ]
    return bool(levels) and not any(operand.kind in OUTPUTS for operand in found)


def read_beaten(r: Reader) -> bool:
    """ "shorts getting rekt" names no direction of ours."""
    mark = r.mark()
    r.word("are", "get", "gets", "getting", "got", "being")
    if r.word(*BEATEN):
        return True
    r.reset(mark)
    return False
