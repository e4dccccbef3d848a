"""Arguments of a use: order, names, bounds, and equal uses that are equal nodes. Hostile ones are refused in words."""

import math
import subprocess
import sys

import pytest

from screener.external.catalogue import EXTERNALS, bind_arguments, check, node_params
from screener.external.model import Problem, arguments_json, arguments_of

FISHER = EXTERNALS["fisher"]


def test_defaults_are_filled_in_and_order_is_the_librarys() -> None:
    assert bind_arguments(FISHER, [], {}) == {"length": 9, "signal": 1}
    assert bind_arguments(FISHER, [12], {"signal": 3}) == {"length": 12, "signal": 3}
    assert bind_arguments(EXTERNALS["dpo"], [20, False], {}) == {"length": 20, "centered": False}


def test_equal_uses_are_equal_nodes() -> None:
    spellings = [bind_arguments(FISHER, [9.0], {}), bind_arguments(FISHER, [], {"signal": 1, "length": 9})]
    nodes = {node_params(FISHER, "signal", bound, "1h", "") for bound in spellings if not isinstance(bound, Problem)}
    assert nodes == {("fisher:signal", "1h", "", '{"length":9,"signal":1}')}
    whole = bind_arguments(EXTERNALS["bop"], [2], {})
    assert whole == bind_arguments(EXTERNALS["bop"], [2.0], {})
    assert not isinstance(whole, Problem)
    assert arguments_json(whole) == '{"scalar":2.0}'
    assert node_params(EXTERNALS["bop"], "", whole, "1d", "BTCUSDT") == ("bop:", "1d", "BTCUSDT", '{"scalar":2.0}')
    with pytest.raises(KeyError):
        node_params(FISHER, "nothing", {}, "1h", "")


def test_text_and_arguments_go_both_ways() -> None:
    bound = EXTERNALS["dpo"].defaults
    assert arguments_of(arguments_json(bound)) == bound
    for text in ("[1]", '{"length":"9"}', "3"):
        with pytest.raises(ValueError, match="not arguments"):
            arguments_of(text)


@pytest.mark.parametrize(
    ("positional", "keywords", "message", "hint", "at"),
    [
        ([0], {}, "'length' of fisher must be at least 1", "such as 9", 0),
        ([-3], {}, "must be at least 1", "such as 9", 0),
        ([501], {}, "may be at most 500", "such as 9", 0),
        ([10**30], {}, "may be at most 500", "such as 9", 0),
        ([2.5], {}, "must be a whole number", "such as 9", 0),
        ([math.nan], {}, "must be a finite number", "such as 9", 0),
        ([math.inf], {}, "must be a finite number", "such as 9", 0),
        ([True], {}, "must be a constant number", "such as 9", 0),
        (["9"], {}, "must be a constant number", "such as 9", 0),
        ([None], {}, "must be a constant number", "such as 9", 0),
        ([print], {}, "must be a constant number", "such as 9", 0),
        ([9], {"length": 9}, "'length' is given twice", "write ta.fisher(length=9, signal=1)", "length"),
        ([9, 1, 0], {}, "fisher takes at most 2 arguments", "write ta.fisher(length=9, signal=1)", 2),
        ([], {"offset": -5}, "fisher has no argument 'offset'", "write ta.fisher(length=9, signal=1)", "offset"),
        ([], {"fillna": 0}, "fisher has no argument 'fillna'", "write ta.fisher(length=9, signal=1)", "fillna"),
        ([], {"talib": True}, "fisher has no argument 'talib'", "", "talib"),
        ([], {"period": 9}, "fisher has no argument 'period'", "did you mean 'length'?", "period"),
        ([], {"lenght": 9}, "fisher has no argument 'lenght'", "did you mean 'length'?", "lenght"),
        ([], {"signal": 0}, "'signal' of fisher must be at least 1", "such as 1", "signal"),
    ],
)
def test_a_wrong_argument_is_named(
    positional: list[object], keywords: dict[str, object], message: str, hint: str, at: int | str
) -> None:
    said = bind_arguments(FISHER, positional, keywords)
    assert isinstance(said, Problem)
    assert message in said.message
    assert hint in said.hint
    assert said.argument == at


def test_a_switch_takes_a_boolean_and_a_name_without_arguments_takes_none() -> None:
    said = bind_arguments(EXTERNALS["dpo"], [20, 0], {})
    assert isinstance(said, Problem) and "must be True or False" in said.message
    said = bind_arguments(EXTERNALS["wcp"], [3], {})
    assert isinstance(said, Problem) and said.message == "wcp takes no arguments"


def test_no_argument_shifts_fills_plots_or_names_a_function() -> None:
    barred = {"offset", "fillna", "fill_method", "talib", "mamode", "kind", "mode", "name", "source", "lookahead"}
    assert not barred & {argument.name for external in EXTERNALS.values() for argument in external.arguments}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fisher", {"length": 500, "signal": 500}),
        ("kst", {"roc4": 500, "sma4": 500, "signal": 500}),
        ("mmar", {"length": 400}),
        ("pwma", {"length": 300}),
        ("t3", {"length": 300}),
        ("variance", {"length": 2}),
        ("jma", {"length": 2, "phase": -100.0}),
        ("ssf", {"length": 1, "poles": 3}),
    ],
)
def test_other_arguments_are_tried_and_fine(name: str, given: dict[str, float]) -> None:
    assert check(name, {**EXTERNALS[name].defaults, **given}) is None


def test_arguments_that_give_nothing_are_refused() -> None:
    said = check("squeeze_pro", {**EXTERNALS["squeeze_pro"].defaults, "kc_scalar_wide": 0.5})
    assert said is not None and "gives no value" in said


def test_the_library_is_not_imported_before_it_is_used() -> None:
    code = (
        "import sys; from screener.external.catalogue import EXTERNALS, check; import screener.external.compute;"
        "assert check('fisher', EXTERNALS['fisher'].defaults) is None;"
        "print('pandas_ta_classic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
