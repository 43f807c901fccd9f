"""``lm_eval.utils``: what task files and scripts call there."""

import dataclasses
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.alias import import_peer
from proctor.compat.scripts import small_modules
from proctor.compat.scripts.model_helpers import Grouper
from proctor.errors import TaskError

utils = import_peer("lm_eval.utils")

TOKENS = st.lists(st.integers(0, 9), max_size=40)


def test_every_name_that_is_promised_is_there():
    assert [name for name in dir(utils) if not hasattr(utils, name)] == []


def test_texts():
    assert utils.general_detokenize('do n\'t ( a ) . " b "') == 'don\'t (a)."b"'
    assert utils.sanitize_model_name("a/b:c*[d]") == "a__b__c__d__"
    assert utils.sanitize_task_name("a-b c") == "a_b_c"
    assert utils.sanitize_long_string("x" * 50, 10) == "xxxxx...xxxxx"
    assert utils.sanitize_long_string("short") == "short"
    assert utils.sanitize_list([1, (2, [None])]) == ["1", ("2", ["None"])]
    assert utils.hash_string("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert utils.escaped_split(r"a\.b.c", ".") == [r"a\.b", "c"]
    assert utils.wrap_text("a b", width=1).splitlines()[0] == "a"
    assert utils.apply_template("{{ a }}", {"a": 1}) == "1"
    assert len(utils.random_name_id()) == 8
    with pytest.raises(AssertionError):
        utils.escaped_split("a", "ab")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (None, {}),
        ("", {}),
        ("a=1,b=x", {"a": 1, "b": "x"}),
        ("a=True,b=none,c=1e-3", {"a": True, "b": None, "c": 0.001}),
        ("a=b=c", {"a": "b=c"}),
        ("a='1'", {"a": "1"}),
    ],
)
def test_argument_strings(text, values):
    assert utils.simple_parse_args_string(text) == values


def test_lists():
    assert utils.group([1, 2, 3, 4], lambda n: n % 2) == [[1, 3], [2, 4]]
    assert list(utils.join_iters([[1], [2, 3]])) == [1, 2, 3]
    assert list(utils.create_iterator(range(10), rank=1, world_size=3, limit=8)) == [1, 4, 7]
    assert utils.pattern_match(["a*", "b"], ["ab", "b", "c", "aa"]) == ["aa", "ab", "b"]
    assert utils.pattern_match("c", ["c"]) == ["c"]


@given(st.lists(st.integers()))
def test_reordering_and_grouping_have_a_way_back(items):
    order = utils.Reorderer(items, lambda n: -n)
    assert order.get_reordered() == sorted(items, reverse=True)
    assert order.get_original([str(n) for n in order.get_reordered()]) == [str(n) for n in items]
    grouper = Grouper(items, lambda n: n % 3)
    grouped = {key: [str(n) for n in members] for key, members in grouper.get_grouped().items()}
    assert grouper.get_original(grouped) == [str(n) for n in items]


@given(TOKENS, st.integers(1, 8).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_rolling_windows_score_every_token_once(tokens, sizes):
    size, context = sizes
    windows = list(utils.get_rolling_token_windows(tokens, 99, size, context))
    assert [token for _, scored in windows for token in scored] == tokens
    for inputs, scored in windows:
        assert len(inputs) <= size
        assert len(inputs) >= len(scored)
    for place, (inputs, scored) in enumerate(map(utils.make_disjoint_window, windows)):
        before = [99, *tokens][: 1 + sum(len(pair[1]) for pair in windows[:place])]
        assert inputs == before[len(before) - len(inputs) :]
        assert len(inputs) >= (context if place else 1)
        assert inputs + scored[:-1] == windows[place][0]


def test_rolling_windows_by_hand():
    windows = list(utils.get_rolling_token_windows(list(range(6)), 100, 4, 1))
    assert windows == [([100, 0, 1, 2], [0, 1, 2, 3]), ([1, 2, 3, 4], [4, 5])]
    assert utils.make_disjoint_window(windows[1]) == ([1, 2, 3], [4, 5])
    with pytest.raises(AssertionError):
        utils.get_rolling_token_windows([1], 0, 2, 3)


def test_numbers():
    assert list(utils.softmax([0.0, 0.0])) == [0.5, 0.5]
    assert utils.weighted_f1_score([("a", "a"), ("b", "a"), ("b", "b")]) == pytest.approx(2 / 3)
    assert utils.HIGHER_IS_BETTER_SYMBOLS == {True: "↑", False: "↓"}
    assert json.dumps({"a": {1}}, default=utils.handle_non_serializable) == '{"a": [1]}'


def test_the_table_by_group_and_by_name():
    document = {
        "results": {"b": {"alias": "b", "acc,none": 0.5, "acc_stderr,none": 0.1}, "a": {"alias": "a", "acc,none": 1.0}},
        "group_subtasks": {"b": ["a"]},
        "versions": {"a": 1, "b": 2},
        "n-shot": {"a": 0},
        "higher_is_better": {"a": {"acc": True}},
    }
    rows = [line.split("|")[1].strip() for line in utils.make_table(document).splitlines()[2:]]
    assert rows == ["b", "- a"]
    rows = [line.split("|")[1].strip() for line in utils.make_table(document, sort_results=True).splitlines()[2:]]
    assert rows == ["- a", "b"]


def test_files_of_results():
    samples = "out/samples_my_task_2024-01-01T00-00-00.5.jsonl"
    assert utils.get_file_task_name(samples.partition("/")[2]) == "my_task"
    assert utils.get_file_datetime(samples) == "2024-01-01T00-00-00.5"
    names = ["d/results_2024.json", "d/results_2025.json", samples]
    assert utils.get_results_filenames(names) == names[:2]
    assert utils.get_sample_results_filenames(names) == [samples]
    assert utils.get_latest_filename(names[:2]) == names[1]


def test_functions_named_in_yaml(tmp_path):
    (tmp_path / "mine.py").write_text("def f():\n    return 3\n")

    class Loader:
        def construct_scalar(self, node):
            return node

    assert utils.import_function(Loader(), "mine.f", tmp_path / "t.yaml")() == 3
    with pytest.raises(TaskError, match="has no 'g'"):
        utils.import_function(Loader(), "mine.g", tmp_path / "t.yaml")


def test_json_of_dataclasses():
    @dataclasses.dataclass
    class Point:
        x: int

    assert json.dumps([Point(1)], cls=utils.EnhancedJSONEncoder) == '[{"x": 1}]'
    with pytest.raises(TypeError):
        json.dumps(object(), cls=utils.EnhancedJSONEncoder)


def test_images_become_digests():
    image = pytest.importorskip("PIL.Image").new("RGB", (1, 1))
    hashed = utils.hash_dict_images({"a": [image, {"b": b"x"}], "c": (1, "text")})
    assert hashed["a"][0] == utils.convert_pil_to_hash(image)
    assert hashed["a"][1] == {"b": utils.hash_string("b'x'")}
    assert hashed["c"] == (1, "text")
    with pytest.raises(TypeError):
        utils.hash_dict_images([])


def test_words_are_said_once(caplog):
    logger = logging.getLogger("of this test")
    for _ in range(2):
        utils.warning_once(logger, "once and no more")
    assert caplog.text.count("once and no more") == 1


def test_logging_follows_the_environment(monkeypatch):
    loggers = [logging.getLogger(name) for name in ("proctor", "lm_eval")]
    before = [(one.level, one.handlers[:], one.propagate) for one in loggers]
    monkeypatch.setenv("LMEVAL_LOG_LEVEL", "error")
    try:
        utils.setup_logging(logging.DEBUG)
        assert [one.level for one in loggers] == [logging.ERROR] * 2
        assert all(one.handlers for one in loggers)
    finally:
        for one, (level, handlers, propagate) in zip(loggers, before, strict=True):
            one.level, one.handlers, one.propagate = level, handlers, propagate


def test_defaults(monkeypatch):
    assert small_modules.default_gen_kwargs("a") == {
        "temperature": 0.0, "do_sample": False, "max_gen_toks": 256, "until": ["a"]
    }  # fmt: skip
    assert small_modules.default_gen_kwargs(None, 3)["until"] == []
    monkeypatch.setenv("A_FLAG", "Maybe")
    with pytest.raises(ValueError, match="A_FLAG='Maybe' is neither true nor false"):
        small_modules._envbool("A_FLAG", True)
