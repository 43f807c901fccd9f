"""``lm_eval.api.registry`` reads and writes proctor's tables, by lm-eval's rules."""

import pytest

from proctor.alias import import_peer, load_file
from proctor.compat.tasks.registry import Registry
from proctor.filters.extract import MultiChoiceRegex as MultiChoiceRegexFilter
from proctor.filters.extract import Regex as RegexFilter
from proctor.filters.pipeline import build_pipelines
from proctor.filters.table import FILTERS
from proctor.metrics.metric_list import use_metric
from proctor.metrics.tables import AGGREGATIONS, METRICS
from proctor.registry import Table
from proctor.tasks.output_types.table import OUTPUT_TYPES

registry = import_peer("lm_eval.api.registry")


@pytest.fixture(autouse=True)
def own_rows(monkeypatch):
    """What a test registers is gone after it."""
    for table in (FILTERS, METRICS, AGGREGATIONS):
        list(table)
        monkeypatch.setattr(table, "_rows", dict(table._rows))


def test_a_registry_of_ones_own():
    colours = Registry("colour", base_cls=int)
    colours.register("three", target=3)
    assert colours.register("four", "vier")(4) == 4
    assert (colours["vier"], colours.get("none", 7), len(colours), sorted(colours)) == (
        4,
        7,
        3,
        ["four", "three", "vier"],
    )
    colours.register("three", target=3)
    with pytest.raises(ValueError, match="already registered"):
        colours.register("three", target=5)
    with pytest.raises(KeyError, match="Did you mean 'three'"):
        colours["thre"]
    with pytest.raises(ValueError, match="Exactly one alias"):
        colours.register("a", "b", target=1)
    with pytest.raises(TypeError, match="must inherit"):
        colours.register("text")(str)
    colours.freeze()
    with pytest.raises(TypeError, match="frozen"):
        colours.register("six", target=6)


def test_a_placeholder_is_imported_when_it_is_asked_for():
    modules = Registry("function")
    modules.register("dumps", target="json:dumps")
    assert modules["dumps"]([1]) == "[1]"
    assert modules.origin("dumps").split(":")[0].endswith("json/__init__.py")
    assert modules.origin("nothing") is None


def test_filters_are_rows_of_the_filter_table():
    @registry.register_filter("shout")
    class Shout(registry.get_filter("regex")):
        def apply(self, resps, docs):
            return [[self.regex_pattern + one for one in request] for request in resps]

    assert FILTERS.get("shout") is registry.get_filter("shout") is Shout
    [pipeline] = build_pipelines([{"name": "p", "filter": [{"function": "shout", "regex_pattern": "!"}]}])
    assert pipeline.apply([["a"]], [{}]) == [["!a"]]
    assert registry.get_filter(len) is len
    with pytest.raises(ValueError, match="already registered"):
        registry.register_filter("shout")(RegexFilter)
    with pytest.raises(KeyError, match="Did you mean"):
        registry.get_filter("regexx")


def test_a_metric_of_ones_own_is_found_by_its_name():
    @registry.register_aggregation("last")
    def last(items):
        return items[-1]

    @registry.register_metric(metric="length", higher_is_better=False, output_type="generate_until", aggregation="last")
    def length(predictions, references, **_):
        return len(predictions[0])

    use = use_metric({"metric": "length"}, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    assert (use.function, use.aggregation, use.higher_is_better) == (length, last, False)
    assert registry.get_metric("length") is length
    assert registry.get_aggregation("last") is registry.get_metric_aggregation("length") is last
    assert registry.is_higher_better("length") is False
    with pytest.raises(KeyError):
        registry.register_metric(metric="other", aggregation="nowhere")(length)
    assert "other" not in registry.METRIC_REGISTRY


def test_a_metric_may_leave_its_aggregation_to_the_task(caplog):
    registry.register_metric(metric="bare")(lambda predictions, references: 1)
    assert registry.get_metric_aggregation("bare") is None
    assert registry.is_higher_better("bare") is None
    entry = {"metric": "bare", "aggregation": "mean", "higher_is_better": True}
    assert (
        use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False).aggregation_name
        == "mean"
    )


def test_what_there_is_not_is_none_and_said(caplog):
    assert registry.get_aggregation("nothing") is None
    assert registry.get_metric("nothing_at_all") is None
    assert "nothing" in caplog.text


def test_known_names_are_those_of_proctor():
    assert registry.METRIC_REGISTRY["exact_match"](predictions=["a"], references=["a"]) == {"exact_match": 1.0}
    assert registry.AGGREGATION_REGISTRY["mean"]([1, 3]) == 2
    assert registry.HIGHER_IS_BETTER_REGISTRY["ter"] is False
    assert registry.METRIC_AGGREGATION_REGISTRY["perplexity"]([0.0]) == 1
    assert registry.DEFAULT_METRIC_REGISTRY["multiple_choice"] == ["acc", "acc_norm"]
    with pytest.raises(ValueError, match="'nothing': no model for this name found"):
        registry.get_model("nothing")


SHARED = """
from lm_eval.api.registry import register_filter
from lm_eval.filters.extraction import RegexFilter

@register_filter("grammar")
class Grammar(RegexFilter):
    where = __file__
"""


def test_two_copies_of_a_file_register_one_filter(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shared.py").write_text(SHARED)
    first, second = (load_file(tmp_path / name / "shared.py") for name in ("a", "b"))
    assert first.Grammar is not second.Grammar
    assert registry.get_filter("grammar") is second.Grammar
    (tmp_path / "c.py").write_text(SHARED + "# another\n")
    with pytest.raises(ValueError, match="already registered"):
        load_file(tmp_path / "c.py")


def test_a_file_that_was_edited_registers_its_filter_anew(tmp_path):
    file = tmp_path / "shared.py"
    file.write_text(SHARED)
    load_file(file)
    file.write_text(SHARED + "N = 1\n")
    edited = load_file(file)
    assert registry.get_filter("grammar") is edited.Grammar


def test_subclasses_get_what_the_filter_was_given():
    one = MultiChoiceRegexFilter(r"(\d)", group_select=-1, fallback="none", ignore_case=True)
    assert isinstance(one, RegexFilter)
    assert (one.regex_pattern, one.regex.pattern, one.group_select, one.fallback) == (r"(\d)", r"(\d)", -1, "none")


def test_put_replaces_a_row():
    table = Table("thing", {"a": 1})
    table.put("a", 2)
    assert table.get("a") == 2


def test_the_example_of_the_documentation(tmp_path, repository):
    page = (repository / "docs" / "python-in-tasks.md").read_text(encoding="utf-8")
    (tmp_path / "utils.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    load_file(tmp_path / "utils.py")
    [pipeline] = build_pipelines(
        [{"name": "p", "filter": [{"function": "last_letter", "regex_pattern": "is (.*)"}, {"function": "take_first"}]}]
    )
    assert pipeline.apply([["it is (B"]], [{}]) == ["B"]
