"""Code instead of prose, and sentences in other languages.

1. A program of the filter language that compiles is taken as it is.
2. pandas and Pine expressions are rewritten where each part has an exact counterpart; a JSON condition and the WHERE of
   a query become a sentence. What is left of them is named as not used.
3. Any other code, and any other language than English, is refused in words.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from llm.phrasebook.dialects.pandas_code import from_pandas
from llm.phrasebook.dialects.pine import around, from_pine
from screener import FilterError, compile_filter

_OWN = re.compile(r"(?m)^\s*match\s*=[^=]")
_CALLS = re.compile(
    r"\b(?:ta|cdl|ticker)\.\w+|\b(?:tf|symbol)\(\"|"
    r"\b(?:crossover|crossunder|pct_change|highest|lowest|within|always|rising|falling)\("
)
_PINE = re.compile(
    r"//@version|\bstrategy\.(?:entry|close|exit)|\bplot(?:shape|char)?\(|\balertcondition\(|"
    r"\bta\.\w+\(.*\n\s*(?:if|plot)|\bindicator\(|:="
)
_SHELL = re.compile(
    r"(?:^|[;|&\n]\s*)(?:for \w+ in .*?;?\s*do\b|while .*?;\s*do\b|awk\b|sed\b|grep\b|curl\b|sudo\b|rm -|"
    r"echo \$|#!/)|\$\(|;\s*done\b"
)
_OTHER = re.compile(
    r"\bdef \w+\(|\bimport \w+|\bfunction\s*\w*\(|=>\s*\{|\bconsole\.log|^\s*return\s[^\n]*;|\{\s*return\b|"
    r"\bclass \w+[:({]|"
    r"\bos\.system|\blambda \w*:|"
    r"#include|\bpublic (?:static|class)|\bvar \w+ ?=|\blet \w+ ?=|\bconst \w+ ?="
)
_SQL = re.compile(r"(?is)^\s*(select\b.+?\bfrom\b\s+\S+)\s+where\s+(.+?);?\s*$")
_FENCE = re.compile(r"(?s)^\s*```[a-z]*\n(.*?)\n?```\s*$")

READS_ENGLISH = "The offline translator reads English"
_FOREIGN = {
    "Spanish": """el la los las cuando por encima debajo de del cruza comprar vender velas vela y o con sobre media
        si precio cierre en que para sea menor mayor es una un gráfico cruce corto largo""",
    "French": """le la les quand lorsque au dessus dessous sous sur passe acheter vendre moyenne mobile et ou si
        prix clôture est une un du des dans pour supérieur inférieur bougie bougies croise""",
    "German": """der die das wenn über unter kaufen verkaufen und oder kerze kerzen liegt fällt steigt schlusskurs
        durchschnitt auf im ist ein eine dem den kreuzt preis kurs von stunden nicht""",
    "Portuguese": """o a os as quando acima abaixo compra comprar vender e ou se preço média móvel no na do da
        fechamento com para cruza gráfico vela velas é um uma em hora horas maior menor""",
    "Italian": """il lo la gli le quando sopra sotto comprare vendere compra vendi e o se prezzo media mobile
        chiusura incrocia candela candele è un una del della nel sul con ore""",
    "Dutch": "de het een wanneer als boven onder koop verkoop en of kaars kaarsen gemiddelde prijs is op van niet",
    "Turkish": "ve veya bir altında üstünde al sat fiyat mum ortalama ile kesişim saatlik günlük olduğunda",
    "Polish": "kiedy gdy powyżej poniżej kup sprzedaj i lub cena średnia świeca jest na od do przecina",
}
_FOREIGN_WORDS = {language: frozenset(words.split()) for language, words in _FOREIGN.items()}
_ENGLISH = frozenset(
    """
    the when is are and or above below over under with of on in if a an price close buy sell short long candle candles
    crosses cross average than for at least more less chart not while but its it to that has last within
    """.split()
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text that is no English prose became: a program, a sentence to read instead, or neither.

    `refused` are the words not used, with the reason in `notes`.
    """

    code: str = ""
    sentence: str = ""
    interval: str | None = None
    short: bool = False
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = field(default=())


def read_dialect(text: str, interval: str, symbols: Collection[str] | None) -> Reading | None:
    """What `text` is, where it is no English prose; None where it is."""
    fenced = _FENCE.match(text)
    body = fenced.group(1) if fenced else text
    for form in (_own, _json, _sql, _pandas, _pine):
        found = form(body, interval, symbols)
        if found is not None:
            return found
    reason = _code_reason(body)
    if reason is not None:
        note = f"This is {reason}; the offline translator reads English and the filter language."
        return Reading(refused=(_brief(body),), notes=(note,))
    language = foreign(text)
    if language is None:
        return None
    named = f", this is {language}" if language != "another language" else ""
    return Reading(refused=(f"{READS_ENGLISH}{named}: {_brief(text)}",))


def _brief(text: str) -> str:
    return " ".join(text.split())[:200]


def _problem(code: str, interval: str, symbols: Collection[str] | None) -> str | None:
    try:
        compile_filter(code, interval, symbols)
    except FilterError as error:
        return str(error.diagnostics[0])
    return None


def _own(text: str, interval: str, symbols: Collection[str] | None) -> Reading | None:
    """Our own language: a whole program, or the expression of its match."""
    if _PINE.search(text) or re.search(r"\bdf\b|__", text):
        return None
    if _OWN.search(text):
        if not text.lstrip().startswith(("#", "match")) and not re.match(r"\s*\w+\s*=[^=]", text):
            return None
        problem = _problem(text.strip() + "\n", interval, symbols)
        if problem is None:
            return Reading(code=text.strip() + "\n", notes=("The filter was taken as it is written.",))
        note = f"The code is not a filter that compiles: {problem}"
        return Reading(refused=(_brief(text),), notes=(note,))
    if not _CALLS.search(text) and not re.search(r"\b(?:close|open|high|low|volume)\[\d", text):
        return None
    code = f"match = {' '.join(text.split())}\n"
    if _problem(code, interval, symbols) is None:
        return Reading(code=code, notes=("The expression was taken as the match of the filter.",))
    return None


def _json(text: str, interval: str, symbols: Collection[str] | None) -> Reading | None:
    """A condition as an object: {"indicator": "rsi", "length": 14, "op": "<", "value": 28, "timeframe": "1h"}."""
    if text.strip()[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    rows = found.get("conditions") if isinstance(found, dict) and "conditions" in found else found
    rows = rows if isinstance(rows, list) else [rows]
    said = [_spoken(row) for row in rows[:20]]
    joined = " or " if isinstance(found, dict) and str(found.get("logic", "and")).lower() in ("or", "any") else " and "
    if not said or any(row is None for row in said):
        return Reading(refused=(_brief(text),), notes=("This JSON is not a condition that can be read surely.",))
    sentence = joined.join(row for row in said if row)
    return Reading(sentence=sentence, notes=(f"The JSON was read as: {sentence}.",))


_OPS = {
    "<": "below",
    ">": "above",
    "<=": "at most",
    ">=": "at least",
    "lt": "below",
    "gt": "above",
    "lte": "at most",
} | {
    "gte": "at least",
    "below": "below",
    "above": "above",
    "crosses_above": "crosses above",
    "crosses_below": "crosses below",
    "crossover": "crosses above",
    "crossunder": "crosses below",
}


def _spoken(row: object) -> str | None:
    if not isinstance(row, dict):
        return None
    keys = {str(key).lower(): value for key, value in row.items()}
    name = keys.pop("indicator", keys.pop("left", keys.pop("field", None)))
    length = keys.pop("length", keys.pop("period", None))
    op = _OPS.get(str(keys.pop("op", keys.pop("operator", keys.pop("condition", "")))).lower())
    value = keys.pop("value", keys.pop("right", keys.pop("threshold", None)))
    interval = keys.pop("timeframe", keys.pop("interval", keys.pop("tf", None)))
    if keys or not isinstance(name, str) or op is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    plain = re.fullmatch(r"[\w ]{1,40}", name) and re.fullmatch(r"[-\w .()]{1,40}", str(value))
    if not plain or not isinstance(length, int | None) or not re.fullmatch(r"\w{1,8}|None", str(interval)):
        return None
    period = f"({length})" if length is not None else ""
    return f"{name}{period} {op} {value}" + (f" on {interval}" if interval is not None else "")


def _sql(text: str, interval: str, symbols: Collection[str] | None) -> Reading | None:
    """The WHERE of a query: comparisons joined by AND and OR."""
    found = _SQL.match(text)
    if found is None:
        return None
    head, where = found.groups()
    tail = re.search(r"(?is)\b(?:order|group|limit|having|union)\b.*$", where)
    refused = [_brief(head)]
    if tail is not None:
        refused.append(_brief(tail.group()))
        where = where[: tail.start()]
    place = re.search(r"""(?i)\b(?:interval|timeframe|tf)\s*=\s*['"](\w+)['"]\s*(?:and\b)?""", where)
    label = place.group(1).lower() if place is not None else None
    if place is not None:
        where = where[: place.start()] + where[place.end() :]
    where = re.sub(r"(?i)\s+and\s*$", "", where.strip())
    if not re.fullmatch(r"[\w\s.<>=()*+/%-]+", where) or re.search(r"(?i)\b(?:select|in|like|exists|between)\b", where):
        return Reading(refused=(_brief(text),), notes=("This query is more than comparisons; it is not translated.",))
    expression = re.sub(r"(?i)\b(and|or|not)\b", lambda m: m.group().lower(), where)
    expression = re.sub(r"(?<![<>=])=(?!=)", "==", expression).replace("<>", "!=")
    code = f"match = {' '.join(expression.split())}\n"
    if _problem(code, label or interval, symbols) is not None:
        return Reading(refused=(_brief(text),), notes=("This query is not translated.",))
    return Reading(code=code, interval=label, refused=tuple(refused), notes=("The WHERE of the query was read.",))


def _pandas(text: str, interval: str, symbols: Collection[str] | None) -> Reading | None:
    if not re.search(r"\bdf\b|\.rolling\(|\.shift\(|\.ewm\(", text):
        return None
    made = from_pandas(text)
    label, short = around(text)
    if made is None or _problem(made.code, label or interval, symbols) is not None:
        note = "This is pandas; not every part has an exact counterpart, so it is not translated."
        return Reading(refused=(_brief(text),), notes=(note,))
    notes = ("The pandas expression was rewritten in the filter language.",)
    return Reading(code=made.code, interval=label, short=made.short or short, refused=("df",), notes=notes)


def _pine(text: str, interval: str, symbols: Collection[str] | None) -> Reading | None:
    """Assignments of Pine that are our language as well, and the condition that enters."""
    if not _PINE.search(text):
        return None
    made = from_pine(text)
    label, short = around(text)
    if made is None or _problem(made.code, label or interval, symbols) is not None:
        note = "This is Pine; not every line has an exact counterpart, so it is not translated."
        return Reading(refused=(_brief(text),), notes=(note,))
    notes = ("The condition of the Pine script was taken; its orders and plots were not.",)
    refused = tuple(_brief(line) for line in made.refused)
    return Reading(code=made.code, interval=label, short=made.short or short, refused=refused, notes=notes)


def _code_reason(text: str) -> str | None:
    """What sort of code this is, None for prose."""
    if _SHELL.search(text):
        return "a shell command"
    if re.search(r"(?i)^\s*(?:select|insert|update|delete|drop|alter|create)\b.*\b(?:from|into|table|set)\b", text):
        return "a database query"
    if _OTHER.search(text):
        return "code of another language"
    if text.strip()[:1] in "{[" and text.strip()[-1:] in "}]" and '":' in text:
        return "JSON"
    try:
        ast.parse(text.strip(), mode="exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    has_call = re.search(r"\w\(|\]\s*[<>=]|\w\[", text) is not None and "\n" not in text.strip()
    spoken = re.search(r"(?i)\b(?:rsi|ema|sma|cci|mfi|atr|adx|%r)\(\d", text) is not None
    return "code" if has_call and " " in text.strip() and not spoken else None


def foreign(text: str) -> str | None:
    """The language a text is in, where it is surely not English; None where it may be."""
    letters = [character for character in text if character.isalpha()]
    strange = sum(1 for character in letters if ord(character) > 0x24F)
    if letters and strange / len(letters) > 0.3:
        return "another language"
    words = re.findall(r"[^\W\d_]+", text.lower())
    english = sum(word in _ENGLISH for word in words)
    counts = {language: sum(word in known for word in words) for language, known in _FOREIGN_WORDS.items()}
    language = max(counts, key=lambda name: counts[name])
    accented = sum(1 for character in letters if 0xC0 <= ord(character) <= 0x24F)
    if counts[language] >= 3 and counts[language] > english + (0 if accented else 1):
        return language
    return language if accented and counts[language] >= 2 and counts[language] > english else None
