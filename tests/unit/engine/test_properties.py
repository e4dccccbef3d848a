"""Generated programs: equal to the slow interpreter, prefix-invariant, and the same stepped live."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screener.engine.engine import Engine
from screener.engine.replay import replay
from screener.errors import ConstantError
from screener.intervals import interval_ms
from screener.ir import Graph, Program
from tests.unit.engine.support import END, Reference, append_closed, head, market, panel_of, program

DATA = market(seed=11, symbols=3, candles=70, gaps=0.04)
STEP = interval_ms("5m")
UNARY = ["neg", "abs", "sign", "round"]
BINARY = ["add", "sub", "mul", "div", "min", "max", "nz"]
ROLLING = ["rsum", "rmax", "rmin", "stdev", "ema", "rma", "shift"]
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    graph = Graph()
    numbers = [graph.const(0.5)]
    for interval in ("5m", "15m", "1h"):
        numbers.append(graph.add("src", (), (draw(st.sampled_from(["close", "low", "volume"])), interval, "")))
    numbers.append(graph.add("src", (), ("close", "5m", "S1")))
    booleans = [graph.add("lt", (numbers[1], numbers[2])), graph.add("first", (), ("1h", "5m"))]

    def number() -> int:
        return draw(st.sampled_from(numbers))

    def boolean() -> int:
        return draw(st.sampled_from(booleans))

    n = st.integers(2, 12)
    for _ in range(draw(st.integers(3, 14))):
        kind = draw(st.integers(0, 9))
        try:
            if kind == 0:
                numbers.append(graph.add(draw(st.sampled_from(UNARY)), (number(),)))
            elif kind <= 2:
                numbers.append(graph.add(draw(st.sampled_from(BINARY)), (number(), number())))
            elif kind <= 4:
                numbers.append(graph.add(draw(st.sampled_from(ROLLING)), (number(),), (draw(n),)))
            elif kind == 5:
                op = draw(st.sampled_from(["lt", "le", "eq", "ne"]))
                booleans.append(graph.add(op, (number(), number())))
            elif kind == 6:
                booleans.append(graph.add(draw(st.sampled_from(["and", "or"])), (boolean(), boolean())))
            elif kind == 7:
                op = draw(st.sampled_from(["within", "always", "shift"]))
                booleans.append(graph.add(op, (boolean(),), (draw(n),)))
            elif kind == 8:
                booleans.append(graph.add("na", (number(),)))
                numbers.append(graph.add("where", (boolean(), number(), number())))
                booleans.append(graph.add("whereb", (boolean(), boolean(), boolean())))
            else:
                numbers.append(graph.add("barssince", (boolean(),)))
                numbers.append(graph.add("cumsum_since", (number(), boolean())))
                numbers.append(graph.add("valuewhen", (boolean(), number()), (1,)))
                numbers.append(graph.add("count", (boolean(),), (draw(n),)))
        except ConstantError:
            continue
    gate = graph.add("lt", (numbers[1], numbers[-1]))
    return program(graph, graph.add("or", (booleans[-1], gate)))


@FEW
@given(programs())
def test_equal_to_the_slow_interpreter(wanted: Program) -> None:
    if wanted.nodes[wanted.match].op == "const":
        return
    history = replay(wanted, DATA)
    expected = Reference(wanted.nodes, DATA, "5m").on(wanted.match, "5m")
    present = ~np.isnan(DATA.series["5m"][1]["close"])
    truth = np.where(np.isnan(expected) | ~present, -1, expected)
    # Sums in another order differ in the last digit, which a comparison of equal numbers can show.
    assert (history.match == truth).mean() > 0.98


@FEW
@given(programs(), st.integers(20, 69))
def test_later_candles_change_nothing(wanted: Program, count: int) -> None:
    whole = replay(wanted, DATA)
    until = int(whole.times[count - 1])
    part = replay(wanted, head(DATA, until))
    np.testing.assert_array_equal(part.times, whole.times[:count])
    np.testing.assert_array_equal(part.match, whole.match[:count])
    np.testing.assert_array_equal(part.edges, whole.edges[:count])


@FEW
@given(programs(), programs(), st.integers(1, 30))
def test_stepped_live_equals_replay(wanted: Program, other: Program, steps: int) -> None:
    start = END - 30 * STEP
    panel = panel_of(DATA, start)
    engine = Engine(panel)
    engine.add("other", other)
    history = replay(wanted, DATA)
    for k in range(1, 31):
        close = start + k * STEP
        append_closed(panel, DATA, close)
        if k == steps:
            engine.add("wanted", wanted, screened_until=close - STEP)
        result = engine.step(close)
        if k >= steps:
            row = len(history.times) - 31 + k
            np.testing.assert_array_equal(result.match["wanted"], history.match[row] == 1)
            np.testing.assert_array_equal(result.edge["wanted"], history.edges[row])
    for node in range(len(wanted.nodes)):
        if wanted.nodes[node].op != "const":
            np.testing.assert_array_equal(engine.values("wanted", node), history.values(node)[-1])


def test_what_is_made_of_constants_alone_still_counts_candles() -> None:
    graph = Graph()
    close = graph.add("src", (), ("close", "5m", ""))
    since = graph.add("cumsum_since", (graph.const(0.5), graph.const(False)), ())
    wanted = program(graph, graph.add("lt", (graph.const(0.0), graph.add("sub", (close, since)))))
    expected = Reference(wanted.nodes, DATA, "5m").on(wanted.match, "5m")
    assert (replay(wanted, DATA).match == np.where(np.isnan(expected), -1, expected)).all()
