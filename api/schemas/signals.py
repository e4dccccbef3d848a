"""Signals, why they fired, and what the analysis says."""

from datetime import datetime

from pydantic import Field

from api.schemas.analyses import AnalysisOut, WatchOut
from api.schemas.base import DecimalString, Shape
from api.schemas.conditions import ConditionRow
from api.schemas.market import CandleOut


class SignalOut(Shape):
    """One row of the signal list. `side` is long or short; `status` as in the data model; `score` ranks the matches of
    one candle, the largest first. `provisional`: it fired on a candle under way, and no close has
    confirmed it. `late`: its candle came after the others were screened, `late_seconds` market seconds after the close.
    `own_status` is the state by the reader's own answer: a shared signal follows another's. `refusal` says why nothing
    came of the reader's approval.
    """

    id: str
    strategy_id: str
    strategy: str
    symbol: str
    interval: str
    candle_close: datetime
    price: float
    side: str
    status: str
    own_status: str = ""
    refusal: str | None = None
    conditions: tuple[ConditionRow, ...]
    score: float | None = None
    provisional: bool = False
    late: bool = False
    late_seconds: float | None = None
    decision: str | None = None
    confidence: float | None = None
    created_at: datetime

    @property
    def state(self) -> str:
        """The state for whoever reads it."""
        return self.own_status or self.status


class SignalPage(Shape):
    """`GET /signals`; pass `next` as `cursor` for the following page."""

    items: tuple[SignalOut, ...]
    next: str | None = None


class SignalCount(Shape):
    """How many signals of a strategy are in a state, which is `own_status`."""

    strategy_id: str
    strategy: str
    state: str
    count: int


class ApprovalPreview(Shape):
    """What approving would do now: cost shown before the button. `refusals` says why it would not be sent."""

    side: str
    order_type: str = "market"
    quantity: DecimalString
    price: DecimalString
    notional: DecimalString
    loss_at_stop: DecimalString
    profit_at_target: DecimalString
    fees: DecimalString
    reward_to_risk: float
    reward_to_risk_after_fees: float
    open_positions: int
    max_positions: int
    refusals: tuple[str, ...] = ()


class SignalDetail(SignalOut):
    """`GET /signals/{id}`: with candles up to the signal, its analysis, and the approval preview.

    `levels` are the filter's own `stop` and `target` on its candle, where it sets them. `watch` is how a signal that
    waits is watched, null before it was; `analyses` how many there are; `error` why it stands where it does.
    """

    candles: tuple[CandleOut, ...] = ()
    levels: dict[str, float] = Field(default_factory=dict)
    analysis: AnalysisOut | None = None
    analyses: int = 0
    watch: WatchOut | None = None
    preview: ApprovalPreview | None = None
    position_id: str | None = None
    error: str | None = None
