"""Step equals replay equals the reference, later candles change nothing, and strategies do not touch each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener import Condition, Program, compile_filter
from screener.engine.replay import Candles, ConditionValue, History, replay
from tests.property.compare import check_nodes, sure
from tests.property.live import Live, closes
from tests.property.markets import head, market, markets
from tests.property.profiles import examples
from tests.property.programs import BOOLEANS, LEAVES, NUMBERS, SETTINGS, SYMBOLS, Filter, Setting, example, filters
from tests.reference.evaluator import evaluate

SETTING = st.sampled_from(SETTINGS)


@pytest.mark.parametrize("row", list(dict.fromkeys([*LEAVES, *NUMBERS, *BOOLEANS])))
def test_every_word(row: str) -> None:
    """Each piece of the language by itself, on a market with all tempers and some gaps."""
    setting = SETTINGS[0]
    data = market(7, setting, 1_709_251_200_000, 60, ["walk", "ties", "decimal", "wild", "walk"], 0.05, False)
    program = compile_filter(example(row), setting.base, SYMBOLS)
    check_nodes(program, data, replay(program, data))


@examples(110)
@given(SETTING.flatmap(lambda s: st.tuples(filters(s), markets(s))))
def test_every_node_follows_from_its_arguments(case: tuple[Filter, Candles]) -> None:
    program, data = case[0].program, case[1]
    check_nodes(program, data, replay(program, data))


@examples(110)
@given(SETTING.flatmap(lambda s: st.tuples(filters(s), markets(s))))
def test_replay_equals_the_reference(case: tuple[Filter, Candles]) -> None:
    program, data = case[0].program, case[1]
    wanted, certain = sure(program, data)
    found = replay(program, data)
    np.testing.assert_array_equal(found.times, wanted.times)
    np.testing.assert_array_equal(found.match[certain], wanted.match[certain])
    if certain.all():
        np.testing.assert_array_equal(found.edges, wanted.edges)


@examples(60)
@given(SETTING.flatmap(lambda s: st.tuples(filters(s), markets(s), st.integers(1, 60))))
def test_later_candles_change_nothing(case: tuple[Filter, Candles, int]) -> None:
    program, data, count = case[0].program, case[1], case[2]
    whole = replay(program, data)
    count = min(count, len(whole.times))
    part = replay(program, head(data, int(whole.times[count - 1])))
    np.testing.assert_array_equal(part.times, whole.times[:count])
    np.testing.assert_array_equal(part.match, whole.match[:count])
    np.testing.assert_array_equal(part.edges, whole.edges[:count])
    for number, node in enumerate(program.nodes):
        if node.op != "const":
            np.testing.assert_array_equal(part.values(number), whole.values(number)[:count], err_msg=str(node))


@st.composite
def runs(draw: st.DrawFn) -> tuple[Setting, Filter, list[Filter], Candles, list[tuple[int, str, int]]]:
    """A program, others, a market, and what happens to the others at which step: they come and go."""
    setting = draw(SETTING)
    wanted, data = draw(filters(setting)), draw(markets(setting))
    others = [draw(filters(setting, budget=4)) for _ in range(draw(st.integers(1, 3)))]
    steps = len(data.series[setting.base][0])
    events = draw(
        st.lists(
            st.tuples(st.integers(0, steps), st.sampled_from(["add", "remove"]), st.integers(0, len(others) - 1)),
            max_size=6,
        )
    )
    return setting, wanted, others, data, events


@examples(80)
@given(runs(), st.integers(0, 30), st.integers(1, 30))
def test_step_by_step_equals_replay(
    run: tuple[Setting, Filter, list[Filter], Candles, list[tuple[int, str, int]]], start: int, added: int
) -> None:
    """The others come and go; the program is added at some moment and steps from there."""
    setting, wanted, data, events = run[0], run[1].program, run[3], run[4]
    others = [f.program for f in run[2]]
    times = closes(data, setting.base)
    start = min(start, len(times) - 2)
    live = Live(data, setting.base, times[start])
    history = replay(wanted, data)
    there: set[str] = set()
    added = min(start + added, len(times) - 1)
    for k in range(start + 1, len(times)):
        for when, what, which in events:
            if when == k and what == "add":
                live.add(f"other {which}", others[which])
                there.add(f"other {which}")
            elif when == k and f"other {which}" in there:
                live.engine.remove(f"other {which}")
                there.discard(f"other {which}")
        if k == added:
            live.add("wanted", wanted, screened_until=times[k - 1])
        result = live.step(times[k])
        if k >= added:
            np.testing.assert_array_equal(result.match["wanted"], history.match[k] == 1)
            np.testing.assert_array_equal(result.edge["wanted"], history.edges[k])
            assert result.unknown["wanted"] == (history.match[k] == -1).sum()
            np.testing.assert_array_equal(
                result.present[setting.base], ~np.isnan(data.series[setting.base][1]["close"][k])
            )
    _stands_as(live, wanted, history)


def _stands_as(live: Live, program: Program, history: History) -> None:
    """The engine's newest values and conditions are those of a history."""
    for number, node in enumerate(program.nodes):
        if node.op != "const":
            got = live.engine.values("wanted", number)
            np.testing.assert_array_equal(got, history.values(number)[-1], err_msg=str(node))
    last = len(history.times) - 1
    for s, symbol in enumerate(history.symbols):
        assert live.engine.conditions("wanted", symbol) == history.conditions_at(last, s)


@examples(60)
@given(SETTING.flatmap(lambda s: st.tuples(st.just(s), filters(s), markets(s))), st.data())
def test_a_corrected_symbol_is_as_if_it_had_always_been_so(
    case: tuple[Setting, Filter, Candles], data: st.DataObject
) -> None:
    setting, program, candles = case[0], case[1].program, case[2]
    times = closes(candles, setting.base)
    live = Live(candles, setting.base, times[len(times) // 2])
    live.add("wanted", program)
    for close in times[len(times) // 2 + 1 :]:
        live.step(close)
    symbol = data.draw(st.integers(0, len(candles.symbols) - 1))
    rows = data.draw(st.lists(st.integers(0, len(times) - 1), min_size=1, max_size=4, unique=True))
    opens, fields = candles.series[setting.base]
    changed = {name: values.copy() for name, values in fields.items()}
    for name, values in changed.items():
        values[rows, symbol] = 8.0 if name in ("open", "high", "low", "close") else 3.0
    live.correct(symbol, {setting.base: (opens[rows], {n: v[rows, symbol] for n, v in changed.items()})})
    fresh = replay(program, Candles(candles.symbols, {**candles.series, setting.base: (opens, changed)}))
    _stands_as(live, program, fresh)


@examples(60)
@given(SETTING.flatmap(lambda s: st.tuples(filters(s), markets(s, most=30))))
def test_conditions_explain_the_match(case: tuple[Filter, Candles]) -> None:
    program, data = case[0].program, case[1]
    history = replay(program, data)
    wanted = evaluate(program, data)
    parts = _conjuncts(program)
    present = ~np.isnan(data.series[program.base][1]["close"])
    cells = [(i, s) for i in range(len(history.times)) for s in range(len(data.symbols))]
    for (i, s), conditions in zip(cells, history.conditions(cells), strict=True):
        truths = []
        for row, declared in zip(conditions, program.conditions, strict=True):
            assert (row.name, row.text, row.op) == (declared.name, declared.text, declared.op)
            if _nested(program, declared):
                _sides_agree(row)
            if declared.root in parts:
                truths.append(row.value)
        both: bool | None = False if False in truths else None if None in truths else True
        if present[i, s]:
            assert history.match[i, s] == (-1 if both is None else int(both)), program.source
        else:
            assert history.match[i, s] == -1
        assert [c[0] for c in wanted.conditions(i, s)] == [c.name for c in conditions]


def _conjuncts(program: Program) -> set[int]:
    """The match and everything that `and` joins under it."""
    found, waiting = set(), [program.match]
    while waiting:
        number = waiting.pop()
        found.add(number)
        if program.nodes[number].op == "and":
            waiting.extend(program.nodes[number].args)
    return found


def _nested(program: Program, condition: Condition) -> bool:
    """Whether both sides change only when the comparison does: a week may close when no candle of three days does."""
    sides = [program.nodes[n].interval for n in (condition.left, condition.right) if n is not None]
    return {"3d", "1w"} != set(sides)


def _sides_agree(row: ConditionValue) -> None:
    """A comparison is what its sides say."""
    if row.op not in ("<", "<=", ">", ">=", "==", "!="):
        return
    if row.left is None or row.right is None:
        assert row.value is None
        return
    a, b = row.left, row.right
    signs = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}
    assert row.value is signs[row.op]


# PLACE FOR THE CANONICAL SOURCE: once the compiler writes one from the graph, drawn programs and their canonical source
# have one hash here, and the canonical source of the canonical source is itself.


@examples(60)
@given(SETTING.flatmap(lambda s: st.tuples(st.just(s), filters(s), markets(s))))
def test_edges_rise_from_the_last_candle_there_was(case: tuple[Setting, Filter, Candles]) -> None:
    setting, program, data = case[0], case[1].program, case[2]
    history = replay(program, data)
    present = ~np.isnan(data.series[setting.base][1]["close"])
    for s in range(len(data.symbols)):
        before = math.nan
        for i in np.flatnonzero(present[:, s]):
            assert history.edges[i, s] == (history.match[i, s] == 1 and before == 0)
            before = history.match[i, s]
        assert not history.edges[~present[:, s], s].any()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.base)
def test_an_empty_market_is_unknown(setting: Setting) -> None:
    empty = {i: (np.empty(0, dtype=np.int64), {"close": np.empty((0, 2))}) for i in (setting.base, *setting.higher)}
    history = replay(_plain(setting.base), Candles(("A", "B"), empty))
    assert history.match.shape == (0, 2)
    assert len(history.times) == 0


def _plain(base: str) -> Program:
    return compile_filter("match = close > open and rising(close, 2)", base)
