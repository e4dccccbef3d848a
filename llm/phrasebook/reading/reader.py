"""A cursor over a sentence's tokens: asks for a category, steps over filler, remembers notes, and can go
back.

Notes are the assumptions made while reading ("RSI without a length: 14 candles."). Going back drops the
notes of the reading that failed, so none is stated for words that were then read otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from llm.phrasebook.vocabulary.lexicon import is_filler, phrases_at
from llm.phrasebook.vocabulary.tokens import Token, TokenKind

COINS = {
    "btc": "BTC",
    "bitcoin": "BTC",
    "xbt": "BTC",
    "eth": "ETH",
    "ethereum": "ETH",
    "ether": "ETH",
    "sol": "SOL",
    "solana": "SOL",
    "bnb": "BNB",
    "xrp": "XRP",
    "ripple": "XRP",
    "ada": "ADA",
    "cardano": "ADA",
    "doge": "DOGE",
    "dogecoin": "DOGE",
    "avax": "AVAX",
    "avalanche": "AVAX",
    "ltc": "LTC",
    "litecoin": "LTC",
    "trx": "TRX",
    "tron": "TRX",
}
MAX_SKIPPED = 4
MAX_EFFORT = 150_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to go back to."""

    position: int
    notes: int


@dataclass(slots=True)
class Reader:
    """The tokens, where we are, and the assumptions made so far."""

    tokens: list[Token]
    position: int = 0
    notes: list[str] = field(default_factory=list)
    symbols: frozenset[str] = frozenset()
    # The settings last read of each indicator, for "the KAMA is rising", and the sides last compared, for "both".
    known: dict[str, tuple[float, ...]] = field(default_factory=dict)
    pair: tuple[object, ...] = ()
    # What was last compared with a number, and that number, for "back above it"; what a clause behind "then" is about.
    levelled: tuple[object, ...] = ()
    topic: object = None
    # Whether that is being read, and whether what came before "then" is the name of a candle, whose high may be meant.
    after: bool = False
    after_candle: bool = False
    # The indicator of several lines named last, for "k < 20".
    lines: object = None
    effort: int = 0
    limit: int = MAX_EFFORT
    # What a slot of a phrase template read at a place: the same wherever it is asked again.
    slots_read: dict[tuple[int, str, int], tuple[object, int, tuple[str, ...]] | None] = field(default_factory=dict)
    _phrases: dict[int, list[tuple[int, list[tuple[str, str]]]]] = field(default_factory=dict)

    def mark(self) -> Mark:
        """Where we are."""
        return Mark(self.position, len(self.notes))

    def reset(self, mark: Mark) -> None:
        """Go back to `mark`, forgetting what was assumed since."""
        self.position = mark.position
        del self.notes[mark.notes :]

    @property
    def done(self) -> bool:
        """Whether all tokens are read."""
        return self.position >= len(self.tokens)

    @property
    def exhausted(self) -> bool:
        """Whether more was tried than any honest sentence needs: from then on nothing is found any more."""
        return self.effort > self.limit

    def _tries(self) -> bool:
        self.effort += 1
        return self.effort <= self.limit

    def note(self, text: str) -> None:
        """State an assumption, once."""
        self.notes.append(text)

    def take(self, category: str, *values: str, fill: bool = True) -> str | None:
        """The value of the longest phrase of `category` here (or after a few filler words), or None.

        A phrase without a value gives the category's name. With `values` only those count. The cursor moves
        only on success.
        """
        if not self._tries():
            return None
        start = self.position
        for skipped in range(MAX_SKIPPED + 1 if fill else 1):
            at = start + skipped
            for length, found in self._phrases_at(at):
                for kind, value in found:
                    if kind == category and (not values or value in values):
                        self.position = at + length
                        return value or kind
            if at >= len(self.tokens) or not self._filler(at):
                return None
        return None

    def word(self, *texts: str, fill: bool = True) -> bool:
        """Whether one of these very words or signs stands here; steps over it."""
        if not self._tries():
            return False
        start = self.position
        for skipped in range(MAX_SKIPPED + 1 if fill else 1):
            at = start + skipped
            if at >= len(self.tokens):
                return False
            if self.tokens[at].text in texts:
                self.position = at + 1
                return True
            if not self._filler(at):
                return False
        return False

    def token(self, kind: TokenKind, *, fill: bool = True) -> Token | None:
        """The token of that kind here, after a few filler words; steps over it."""
        if not self._tries():
            return None
        start = self.position
        for skipped in range(MAX_SKIPPED + 1 if fill else 1):
            at = start + skipped
            if at >= len(self.tokens):
                return None
            if self.tokens[at].kind == kind:
                self.position = at + 1
                return self.tokens[at]
            if not self._filler(at):
                return None
        return None

    def interval(self, *, fill: bool = True) -> str | None:
        """An interval written as a span ("15m", "4-hour") or a word ("hourly"); steps over it."""
        mark = self.mark()
        token = self.token("span", fill=fill)
        if token is not None and token.interval is not None:
            return token.interval
        self.reset(mark)
        return self.take("hourly", fill=fill)

    def coin(self) -> str | None:
        """A symbol such as BTCUSDT from "BTC", "bitcoin's", "btcusdt"; steps over it."""
        mark = self.mark()
        while not self.done and self._filler(self.position) and self.position < mark.position + MAX_SKIPPED:
            self.position += 1
        token = self.token("word", fill=False)
        if token is None:
            self.reset(mark)
            return None
        word = token.text.removesuffix("'s").removesuffix("'")
        if word.endswith("usdt") and len(word) > 4:
            return word.upper()
        asset = COINS.get(word)
        if asset is None and f"{word.upper()}USDT" in self.symbols and not self._known(self.position - 1):
            # A coin whose name is a word of ours (NEAR, ONE) has to be written as NEARUSDT.
            asset = word.upper()
        if asset is None:
            self.reset(mark)
            return None
        after = self.mark()
        if self.word("/", fill=False) and self.word("usdt", "usd", fill=False):
            return f"{asset}USDT"
        self.reset(after)
        self.word("usdt", "usd", fill=False)
        return f"{asset}USDT"

    def _phrases_at(self, at: int) -> list[tuple[int, list[tuple[str, str]]]]:
        found = self._phrases.get(at)
        if found is None:
            found = self._phrases[at] = list(phrases_at(self.tokens, at))
        return found

    def plain_filler(self) -> bool:
        """Whether a filler word stands here that begins no phrase: nothing can start at it."""
        return not self.done and self._filler(self.position) and not self._phrases_at(self.position)

    def _known(self, at: int) -> bool:
        return self._filler(at) or any(length == 1 for length, _ in self._phrases_at(at))

    def _filler(self, at: int) -> bool:
        token = self.tokens[at]
        return token.kind == "word" and is_filler(token.text)
