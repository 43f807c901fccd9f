from __future__ import annotations

from dataclasses import replace

from report_pages import stored

from proctor.analysis.own_settings import own_settings, run_labels, short_name


def made(tmp_path, name, *, model="org/small", **config):
    given = {"model": "hf", "model_args": {"pretrained": model, "dtype": "float32"}, "limit": None, **config}
    return stored(tmp_path, name, {"exam": "1101"}, model_name=model, config=given)


def test_runs_of_one_model_say_what_differs_among_them_in_one_order(tmp_path):
    arguments = {"pretrained": "org/small", "dtype": "bfloat16"}
    runs = [made(tmp_path, "a"), made(tmp_path, "b", model_args=arguments), made(tmp_path, "c", limit=20.0)]
    wanted = ["dtype float32, limit none", "dtype bfloat16, limit none", "dtype float32, limit 20"]
    assert own_settings(runs) == wanted
    assert own_settings(runs[::-1]) == wanted[::-1]


def test_what_differs_only_in_a_run_of_another_model_is_not_said(tmp_path):
    runs = [
        made(tmp_path, "a"),
        made(tmp_path, "b", predict_only=True),
        made(tmp_path, "c", model="org/large", limit=9.0),
    ]
    assert all("limit" not in text for text in own_settings(runs)[:2])
    assert "limit 9" in own_settings(runs)[2]
    assert own_settings(runs, only_of_one_model=True)[2] == ""


def test_a_run_whose_file_lacks_a_setting_names_it_all_the_same(tmp_path):
    bare = stored(tmp_path, "c", {"exam": "1"}, model_name="org/small", config={"model": "hf", "model_args": "dtype=x"})
    runs = [made(tmp_path, "a", limit=20.0), made(tmp_path, "b", limit=5.0), bare]
    assert [text.split(", ")[1] for text in own_settings(runs)] == ["limit 20", "limit 5", "limit –"]


def test_examples_are_those_of_the_tasks(tmp_path):
    none, five = (stored(tmp_path, name, {"exam": "1101"}, model_name="org/small", **{"n-shot": {"exam": count}})
                  for name, count in (("a", 0), ("b", 5)))  # fmt: skip
    assert own_settings([none, five]) == ["num_fewshot 0", "num_fewshot 5"]


def test_seeds_are_one_setting_and_long_texts_a_part_of_their_hash(tmp_path):
    seeds = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
    first = made(tmp_path, "a", **dict(zip(seeds, (0, 1234, 1234, 1234), strict=True)))
    second = made(tmp_path, "b", **dict.fromkeys(seeds, 7))
    assert own_settings([first, second]) == ["seed 0,1234,1234,1234", "seed 7"]
    long, none = made(tmp_path, "c", gen_kwargs="do_sample=False,max_gen_toks=1024"), made(tmp_path, "d", gen_kwargs="")
    texts = own_settings([long, none])
    assert texts[1] == "gen_kwargs none"
    assert len(texts[0]) == len("gen_kwargs #123456")


def test_an_argument_that_a_run_does_not_have_is_its_default(tmp_path):
    runs = [made(tmp_path, "a"), made(tmp_path, "b", model_args={"pretrained": "org/small"})]
    assert own_settings(runs) == ["dtype float32", "dtype default"]


def test_names_of_folders_are_short(tmp_path):
    assert short_name(stored(tmp_path, "x", {"a": "1"}, model_name="/home/me/models/org/x")) == "org/x"
    assert short_name(stored(tmp_path, "x", {"a": "1"}, model_name="org/x")) == "org/x"


def test_a_label_is_the_model_and_where_several_have_it_what_differs(tmp_path):
    runs = [
        made(tmp_path, "a"),
        made(tmp_path, "b", model_args={"pretrained": "org/small", "dtype": "bfloat16"}),
        made(tmp_path, "c", model="/home/me/models/org/large"),
    ]
    assert run_labels(runs) == ("org/small (dtype float32)", "org/small (dtype bfloat16)", "org/large")
    assert run_labels(runs[1:]) == ("org/small", "org/large")


def test_runs_of_equal_settings_are_told_apart_by_time_folder_or_number(tmp_path):
    a, b = made(tmp_path, "a"), made(tmp_path, "b")
    later = replace(a, stamp="2026-01-03T04-00-00.1")
    assert run_labels([a, later]) == ("org/small (2026-01-02 03-04-05)", "org/small (2026-01-03 04-00-00)")
    assert run_labels([a, b]) == ("org/small (a)", "org/small (b)")
    assert run_labels([a, a]) == ("org/small (#1)", "org/small (#2)")


def test_two_models_of_one_short_name_have_their_whole_names(tmp_path):
    names = ("/one/org/x", "/two/org/x")
    assert run_labels([made(tmp_path, name[1:4], model=name) for name in names]) == names
