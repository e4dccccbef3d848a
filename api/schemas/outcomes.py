"""What became of signals, and what the decisions on them were worth. Results in R: profit after fees over the risk."""

from datetime import datetime

from api.schemas.base import Shape


class OutcomeOut(Shape):
    """One plan of a signal, followed to its end. `plan` is `model` (the analysis' levels) or `bare` (the strategy's ATR
    multiples from the signal's own candle); `state` is open, stop, target, timeout or invalid, with its `reason`.

    The result, the best (`mfe_r`) and the worst (`mae_r`, at or below 0) on the way are in R; the result is null while
    it is open. Prices are in quote currency, null for a plan that could not be made. The plan was made at `entry` and
    entered at `filled`, the open of its first minute: profit is measured from there, the risk from `entry` to `stop`.
    """

    plan: str
    side: str
    state: str
    reason: str | None = None
    entry: float | None = None
    filled: float | None = None
    stop: float | None = None
    targets: tuple[float, ...] = ()
    opened_at: datetime
    until: datetime
    last_candle: datetime
    close_price: float | None = None
    closed_at: datetime | None = None
    mfe_r: float | None = None
    mae_r: float | None = None
    result_r: float | None = None


class OutcomeTrade(Shape):
    """A position that the reader really had on the signal; `result_r` is what it realised over what it risked at first,
    null while it is open or where its first stop is not known."""

    position_id: str
    mode: str
    state: str
    realised_profit: float
    result_r: float | None = None
    closed_at: datetime | None = None


class SignalOutcome(Shape):
    """`GET /signals/{id}/outcome`. A plan is null before it is followed, and where the analysis has no levels."""

    signal_id: str
    model: OutcomeOut | None = None
    bare: OutcomeOut | None = None
    trades: tuple[OutcomeTrade, ...] = ()


class IntervalOut(Shape):
    """An estimate in R with its 95 % interval, bootstrapped over blocks of time; the bounds are null with too few."""

    value: float
    low: float | None = None
    high: float | None = None


class LiftOut(Shape):
    """Mean R over the `signals` that were decided on and whose plans ended, of `closes` candle closes; null where no
    signal counts.

    `entered` (on the analysis' plans) less `bare` (all of them, on the bare filter's plan) is the `difference`: the sum
    of `selection` (the entered less all, both on the bare plan) and `plan` (the entered, own less bare plan). `avoided`
    is the mean on the bare plan of what was not entered: below 0, not entering was worth it. `undecided` is that of the
    `others`, on which nobody decided, or not yet. Bounds come from `blocks` blocks of `block_ms` milliseconds.
    """

    entered: IntervalOut | None = None
    bare: IntervalOut | None = None
    difference: IntervalOut | None = None
    selection: IntervalOut | None = None
    plan: IntervalOut | None = None
    avoided: IntervalOut | None = None
    undecided: IntervalOut | None = None
    signals: int
    closes: int
    others: int
    blocks: int
    block_ms: int


class CalibrationBin(Shape):
    """Entered decisions with a confidence from `low` up to `high` percent: their mean confidence (percent), the share
    that won (0 to 1) and the mean R."""

    low: int
    high: int
    count: int
    confidence: float
    won: float
    mean_r: float


class CalibrationOut(Shape):
    """Confidence against what came. `error`: mean distance of confidence and share won (0 is perfect, as a fraction);
    `brier`: mean squared error of confidence as a probability. Null without decisions."""

    bins: tuple[CalibrationBin, ...]
    count: int
    error: float | None = None
    brier: float | None = None


class OutcomeGroup(Shape):
    """Signals that have something in common: a strategy, a decision, a model or a prompt version.

    `won`, `mean_mfe_r` and `mean_mae_r` are of the entered whose plans `ended`, the ones that `lift` counts; null where
    none did. `id` is the strategy's, else null.
    """

    name: str
    id: str | None = None
    signals: int
    open: int
    entered: int
    ended: int
    won: float | None = None
    mean_mfe_r: float | None = None
    mean_mae_r: float | None = None
    lift: LiftOut


class OutcomeSummary(Shape):
    """`GET /outcomes`: the newest signals that are followed (`signals` of them), together and in groups.

    `invalid` counts plans that could not be followed to an end, of all `plans`; `late` those of them whose stop or
    target was passed before they could be entered. `limited` says that there are more signals than were looked at.
    """

    signals: int
    plans: int
    open: int
    invalid: int
    late: int = 0
    limited: bool
    all: OutcomeGroup
    calibration: CalibrationOut
    lift: LiftOut
    by_strategy: tuple[OutcomeGroup, ...]
    by_decision: tuple[OutcomeGroup, ...]
    by_model: tuple[OutcomeGroup, ...]
    by_prompt_version: tuple[OutcomeGroup, ...]
