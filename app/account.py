"""The paper account: what it is worth, what is free, what today cost, and what an entry would look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from analysis.grounding import GroundingLimits
from app.settings import Settings
from app.times import at, day_start
from broker.matching import Costs
from broker.positions import Position, PositionState, planned_loss, unrealised
from broker.risk import EntryContext, RiskLimits, check
from broker.rules import SymbolRules
from broker.sizing import LimitedBy, Sizing, SizingRequest, reward_to_risk, size
from broker.types import BPS, ZERO, Direction, Quote, Refusal, plain, to_decimal
from store import orders, positions, profiles, tiers
from store.records import Mode
from store.session import Connection
from store.tiers import Tier
from store.trading_records import Order
from store.trading_records import Position as PositionRow

MODE: Final[Mode] = "paper"


@dataclass(frozen=True, slots=True)
class Account:
    """A person's paper account; money in the quote asset. `free` is what is neither in a position nor set aside for an
    entry that has no end yet, of which `pending` are the symbols; `ordered` is the entry that the account was read for,
    for which nothing is. `realised_today` counts from 00:00 UTC market time.
    """

    owner_id: UUID
    tier: Tier
    equity: Decimal
    free: Decimal
    pending: tuple[str, ...]
    ordered: Order | None
    realised_today: Decimal
    unrealised: Decimal
    open: tuple[PositionRow, ...]
    entries_paused: bool

    @property
    def day_profit(self) -> Decimal:
        """Realised today and open profit together."""
        return self.realised_today + self.unrealised


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry as it would be sent now, and every reason why it would not be. `needed` is what it costs with its fee,
    in the quote asset.
    """

    direction: Direction
    quote: Quote
    stop: Decimal
    targets: tuple[Decimal, ...]
    sizing: Sizing
    needed: Decimal
    profit_at_target: Decimal
    reward_to_risk: Decimal | None
    reward_to_risk_after_fees: Decimal | None
    open_positions: int
    refusals: tuple[Refusal, ...]


def costs(settings: Settings) -> Costs:
    """Trading costs of the paper venue."""
    return Costs(fee_bps=settings.fee_bps, slippage_bps=settings.slippage_bps)


def as_position(row: PositionRow, fee: Costs) -> Position:
    """A stored position as the broker layer's value; one R is that of its first stop and quantity."""
    direction = Direction(row.side)
    entry_fee = fee.fee_rate * row.entry_price * row.initial_quantity
    risk = planned_loss(direction, row.entry_price, row.initial_stop, row.initial_quantity, entry_fee, fee)
    best, worst = row.highest_price or row.entry_price, row.lowest_price or row.entry_price
    # A closed position keeps the quantity that was closed last, which is in its realised profit too.
    open_quantity = row.quantity if row.state == "open" else ZERO
    sold = row.initial_quantity - open_quantity
    realised = row.realised_profit + row.fees
    return Position(
        id=row.id,
        symbol=row.symbol,
        direction=direction,
        entry_price=row.entry_price,
        quantity=row.quantity,
        initial_quantity=row.initial_quantity,
        stop=row.stop,
        targets=tuple(Decimal(t) for t in row.targets),
        risk=risk,
        fees=row.fees,
        opened_ms=round(row.opened_at.timestamp() * 1000),
        highest_price=best,
        lowest_price=worst,
        realised=realised if sold else ZERO,
        exit_price=row.entry_price + direction.sign * realised / sold if sold else None,
        state=PositionState.OPEN if row.state == "open" else PositionState.CLOSED,
    )


async def read_account(
    conn: Connection,
    owner_id: UUID,
    settings: Settings,
    prices: Mapping[str, Decimal],
    now_ms: int,
    *,
    ordered: Order | None = None,
) -> Account:
    """The account at market time `now_ms`; a position without a price counts at its entry. `ordered` is an entry that
    is looked at again: what it set aside is free for it.
    """
    # Before the positions: an entry that is filled meanwhile is counted twice, not never.
    pending = [o for o in await orders.entering(conn, owner_id, MODE) if ordered is None or o.id != ordered.id]
    rows = await positions.list_positions(conn, owner_id=owner_id, state="open", mode=MODE, limit=1000)
    profile = await profiles.get(conn, owner_id)
    realised = await positions.realised_since(conn, owner_id, MODE, at(0))
    today = await positions.realised_since(conn, owner_id, MODE, day_start(now_ms))
    fee = costs(settings)
    open_profit = sum(
        (unrealised(as_position(row, fee), prices[row.symbol], fee).net for row in rows if row.symbol in prices),
        ZERO,
    )
    equity = settings.paper_capital + realised + open_profit
    tied = sum((row.quantity * row.entry_price for row in rows), ZERO)
    # What parts that were sold earned or lost is money again, though their positions are open; fees are paid.
    banked = sum((row.realised_profit for row in rows), ZERO)
    held = sum((o.held for o in pending), ZERO)
    return Account(
        owner_id=owner_id,
        tier=await tiers.of(conn, owner_id),
        equity=equity,
        free=settings.paper_capital + realised - tied + banked - held,
        pending=tuple(o.symbol for o in pending),
        ordered=ordered,
        realised_today=today,
        unrealised=open_profit,
        open=tuple(rows),
        entries_paused=profile.kill_switch,
    )


def limits_of(account: Account, settings: Settings) -> RiskLimits:
    """What no entry of the account may pass."""
    return RiskLimits(
        max_open_positions=settings.max_positions,
        max_daily_loss=settings.paper_capital * settings.max_daily_loss,
        # A quiet coin may trade once a minute; in market time.
        max_price_age_ms=180_000,
        min_reward_to_risk=to_decimal(GroundingLimits().min_reward_risk),
        tier=account.tier.name,
        execution=account.tier.execution,
        live=account.tier.live,
    )


def plan_entry(
    account: Account,
    settings: Settings,
    rules: SymbolRules,
    direction: Direction,
    quote: Quote,
    stop: Decimal,
    targets: Sequence[Decimal],
    now_ms: int,
    *,
    least_stop: Decimal = ZERO,
) -> EntryPlan:
    """Size an entry from the account's risk and hold it against every rule.

    An intent never becomes larger than it was ordered. One that may have been sent keeps its size, since the venue may
    have it, and is refused where that is no longer a size it may have (`_outgrown`). `least_stop`: a stop nearer to the
    price is noise, in the quote asset. Reward to risk is that of the first target, at the price that is expected to be
    paid.
    """
    fee = costs(settings)
    sizing = fresh = size(
        SizingRequest(
            direction=direction,
            quote=quote,
            stop=stop,
            capital=account.equity,
            available=min(account.free, account.equity / settings.max_positions),
            risk_fraction=settings.risk_per_trade,
        ),
        fee,
        rules,
    )
    ordered = account.ordered
    if ordered is not None and sizing.quantity > ZERO:
        sent = ordered.state != "intent"
        sizing = fresh.scaled(ordered.quantity if sent else min(ordered.quantity, fresh.quantity))
    needed = sizing.notional * (1 + fee.fee_rate)
    target = targets[0] if targets else None
    paid = reward_to_risk(direction, sizing.entry, stop, target, fee.fee_rate) if target else None
    context = EntryContext(
        symbol=quote.symbol,
        direction=direction,
        quote=quote,
        stop=stop,
        target=target,
        needed=needed,
        available=account.free,
        realised_today=account.realised_today,
        now_ms=now_ms,
        occupied=frozenset(row.symbol for row in account.open) | frozenset(account.pending),
        entries_paused=account.entries_paused,
        quote_asset=rules.quote_asset,
        least_stop=least_stop,
        reward_to_risk=paid,
        live=MODE == "live",
    )
    refused = (*sizing.refusals, *_outgrown(fresh, sizing, fee, rules), *check(context, limits_of(account, settings)))
    refusals = {r.code: r for r in refused}
    gross = (target - sizing.entry) * direction.sign * sizing.quantity if target is not None else ZERO
    fees_at_target = fee.fee_rate * (sizing.entry + target) * sizing.quantity if target is not None else ZERO
    return EntryPlan(
        direction=direction,
        quote=quote,
        stop=stop,
        targets=tuple(targets),
        sizing=sizing,
        needed=needed,
        profit_at_target=gross - fees_at_target,
        reward_to_risk=reward_to_risk(direction, quote.price, stop, target, ZERO) if target else None,
        reward_to_risk_after_fees=paid,
        open_positions=len(account.open),
        refusals=tuple(refusals.values()),
    )


def _outgrown(fresh: Sizing, kept: Sizing, fee: Costs, rules: SymbolRules) -> list[Refusal]:
    """Why an order is not sent again in its size: price or balance changed since, and what it is larger than one made
    now would lose more at the stop, or tie up more, than slippage and spread of its own fill.
    """
    if fresh.quantity <= ZERO:
        return []
    slack = kept.notional * (fee.slippage_bps + fee.half_spread_bps) / BPS
    each = fresh.loss_at_stop / fresh.quantity if fresh.limited_by is LimitedBy.RISK else fresh.entry
    if (kept.quantity - fresh.quantity - rules.step_size) * each <= slack:
        return []
    asset = rules.base_asset
    told = (
        f"Not sent again: {plain(kept.quantity)} {asset} was ordered, and at the price and balance of now "
        f"{plain(fresh.quantity)} {asset} is the most."
    )
    return [Refusal("size_changed", told)]
