"""External indicators inside the engine: replay shows the library's values, and live stepping what replay shows."""

import numpy as np

from screener import compile_filter
from screener.engine.engine import Engine
from screener.engine.replay import replay
from screener.external.catalogue import EXTERNALS, node_params
from screener.external.compute import external_panels
from screener.external.model import arguments_json
from screener.intervals import interval_ms
from screener.ir import Graph, Program
from tests.reference.evaluator import evaluate_text
from tests.unit.engine.support import END, append_closed, market, panel_of, program

STEP = interval_ms("5m")
FISHER = EXTERNALS["fisher"]
BODY = EXTERNALS["bop"]


def turning() -> tuple[Program, int, int]:
    """A program on a named output of the base and a plain value of the hour, with their nodes."""
    graph = Graph()
    signal = graph.add("external", (), node_params(FISHER, "signal", FISHER.defaults, "5m", ""))
    body = graph.add("external", (), node_params(BODY, "", BODY.defaults, "1h", ""))
    up = graph.add("lt", (graph.const(0.2), signal))
    match = graph.add("and", (up, graph.add("lt", (graph.const(-0.5), body))))
    return program(graph, match), signal, body


def test_replay_shows_the_librarys_values() -> None:
    data = market(seed=6, symbols=6)
    wanted, signal, body = turning()
    history = replay(wanted, data)
    fields = data.series["5m"][1]
    expected = external_panels("fisher", ("signal",), arguments_json(FISHER.defaults), fields)["signal"]
    np.testing.assert_array_equal(history.values(signal)[:, :6], expected)
    hour = external_panels("bop", ("",), arguments_json(BODY.defaults), data.series["1h"][1])[""]
    np.testing.assert_array_equal(history.values(body)[-1, :6], hour[-1])
    assert 0 < (history.match == 1).sum() < history.match.size


def test_stepping_shows_what_replay_shows() -> None:
    data = market(seed=7, symbols=6)
    wanted, signal, _ = turning()
    start = END - 25 * STEP
    panel = panel_of(data, start)
    engine = Engine(panel)
    engine.add("a", wanted)
    history = replay(wanted, data)
    row = {int(t): i for i, t in enumerate(history.times)}
    for close in range(start + STEP, END + 1, STEP):
        append_closed(panel, data, close)
        result = engine.step(close)
        np.testing.assert_array_equal(result.match["a"], history.match[row[close]] == 1)
        np.testing.assert_allclose(engine.values("a", signal), history.values(signal)[row[close]], rtol=1e-9)


def test_a_filter_of_several_intervals_and_symbols_equals_the_reference() -> None:
    data = market(seed=8, symbols=4)
    other = data.symbols[0]
    text = f"match = ta.bop() > 0.2 and tf('1h').bop() > -0.9 or symbol('{other}').bop() > 0.6"
    history = replay(compile_filter(text, "5m", data.symbols), data)
    expected = evaluate_text(text, "5m", data)
    np.testing.assert_array_equal(history.match, expected.match)
    assert 0 < (history.match == 1).sum() < history.match.size
