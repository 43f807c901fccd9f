"""Fields: column, template, constant or function, and every failure a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.errors import TaskError
from proctor.refs import Ref
from proctor.tasks.fields import bind_all, bind_document_fields, bind_examples, key_or_template
from proctor.tasks.templates import compile_template

DOC = {"question": "Q?", "choices": ["x", "y"], "answer": 1, "n": 7}


def question(spec, **changes):
    return bind_document_fields(spec(**changes), tuple(DOC))


def test_the_four_kinds_of_text(spec, tmp_path):
    assert question(spec, doc_to_text="question").text(DOC) == "Q?"
    assert question(spec, doc_to_text="n").text(DOC) == 7
    assert question(spec, doc_to_text="{{question}}\n").text(DOC) == "Q?\n"
    assert question(spec, doc_to_text=3).text(DOC) == 3
    (tmp_path / "mine.py").write_text("def ask(doc):\n    return doc['question'] * 2\n")
    assert question(spec, doc_to_text=Ref(str(tmp_path), "mine.ask")).text(DOC) == "Q?Q?"


def test_digits_name_a_choice_only_where_there_are_choices(spec):
    assert question(spec, doc_to_text="{{n}}").text(DOC) == 7
    assert question(spec, doc_to_target="{{answer}}").target(DOC) == 1
    free = question(
        spec, doc_to_choice=None, output_type="generate_until", doc_to_target="{{answer}}", doc_to_text="{{n}}"
    )
    assert free.text(DOC) == "7"
    assert free.target(DOC) == "1"


def test_a_rendered_list_is_a_list_of_targets(spec):
    free = {"doc_to_choice": None, "output_type": "generate_until"}
    assert question(spec, doc_to_target="{{choices}}", **free).target(DOC) == ["x", "y"]
    assert question(spec, doc_to_target="[not a list]", **free).target(DOC) == "[not a list]"
    assert question(spec, doc_to_target=["a"], **free).target(DOC) == ["a"]


def test_choices(spec):
    assert question(spec).choice(DOC) == ["x", "y"]
    assert question(spec, doc_to_choice="{{[question, 'b']}}").choice(DOC) == ["Q?", "b"]
    assert question(spec, doc_to_choice={"A": "one", "B": "two"}).choice(DOC) == ["one", "two"]
    assert question(spec, doc_to_choice=["A", "B"]).choice(DOC) == ["A", "B"]


def test_prefix_is_a_column_here_and_a_key_in_the_examples(spec):
    built = spec(gen_prefix="question")
    assert bind_document_fields(built, tuple(DOC)).gen_prefix(DOC) == "Q?"
    assert bind_examples(built, tuple(DOC)).gen_prefix({"question": "other"}) == "other"
    assert bind_examples(built, tuple(DOC)).gen_prefix({"x": 1}) == "question"
    assert key_or_template(built, "description", "")(DOC) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"doc_to_text": "{{questoin}}"}, "'questoin' is undefined. The document has: question, choices"),
        ({"doc_to_text": "{% if %}"}, "is not a valid template"),
        ({"doc_to_choice": "{{question}}"}, "doc_to_choice must be a column or render to a list, but it gives 'Q?'"),
        ({"doc_to_choice": "qestion"}, "Did you mean 'question'?"),
    ],
)
def test_failures_are_sentences_with_a_line(spec, changes, said):
    def use():
        bound = question(spec, **changes)
        return bound.text(DOC), bound.choice(DOC)

    with pytest.raises(TaskError) as caught:
        use()
    assert said in str(caught.value)
    assert caught.value.errors[0].line is not None


def test_a_functions_failure_names_its_own_line(spec, tmp_path):
    (tmp_path / "broken.py").write_text("def ask(doc):\n    return doc['missing']\n")
    with pytest.raises(TaskError) as caught:
        question(spec, doc_to_text=Ref(str(tmp_path), "broken.ask")).text(DOC)
    assert "KeyError: 'missing'" in str(caught.value)
    assert f"{Path(tmp_path, 'broken.py')}:2" in str(caught.value)


def test_templates_are_compiled_once_and_keep_their_last_newline():
    assert compile_template("{{a}}\n") is not None
    assert compile_template.__wrapped__ is not None
    before = compile_template.cache_info().misses
    compile_template("{{a}} once")
    compile_template("{{a}} once")
    assert compile_template.cache_info().misses == before + 1
    assert compile_template("{{a}}\n")({"a": 1}) == "1\n"
    assert compile_template("{{ 'a1b2'|regex_replace('[0-9]', '#') }}")({}) == "a#b#"


def test_templates_cannot_reach_python():
    from jinja2.exceptions import SecurityError

    with pytest.raises(SecurityError):
        compile_template("{{ ''.__class__.__mro__[1].__subclasses__() }}")({})


def test_a_column_that_one_document_lacks_is_a_sentence_with_a_line(spec):
    fields = question(spec, doc_to_text="question", doc_to_choice="choices")
    for getter in (fields.text, fields.choice):
        with pytest.raises(TaskError, match=r"is the column '\w+', which a document does not have") as told:
            getter({"answer": 1})
        assert "It has: answer." in str(told.value)


@pytest.mark.parametrize("value", [5, ["a"], {"a": 1}])
def test_a_prefix_that_is_no_text_is_a_sentence(spec, value):
    task = spec(gen_prefix="opening")
    columns = ["question", "choices", "answer", "opening"]
    for getter in (bind_document_fields(task, columns).gen_prefix, bind_examples(task, columns).gen_prefix):
        assert getter({"opening": None}) is None
        with pytest.raises(TaskError, match="gen_prefix must give a text, but on a document it gave"):
            getter({"opening": value})


def test_references_are_resolved_however_deep_they_stand(tmp_path):
    (tmp_path / "mine.py").write_text("ONE = 1\n")
    ref = Ref(str(tmp_path), "mine.ONE")
    given = {"a": ref, "b": [ref, {"c": ref}], "d": ("x", 2)}
    assert bind_all(given) == {"a": 1, "b": [1, {"c": 1}], "d": ("x", 2)}
    assert given["a"] is ref
    with pytest.raises(TaskError, match="NONE"):
        bind_all([Ref(str(tmp_path), "mine.NONE")])
