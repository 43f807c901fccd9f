"""``use_prompt``: prompts that are named instead of written."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from proctor.errors import MissingExtraError, TaskError, UsageError
from proctor.tasks.override import override
from proctor.tasks.prompt import PromptStyle
from proctor.tasks.task import Task
from proctor.tasks.use_prompt import named_prompt


def test_a_built_in_prompt_is_the_question(task, spec):
    built = override(spec(use_prompt="qa-basic:q-newline-a", doc_to_text=None), num_fewshot=1)
    example = next(Task(built).examples([0], PromptStyle(), 1))
    assert example.text == "Q: What is 0 plus one?\nA:"
    assert example.canonical.contexts[0][0].content.startswith("Q: T: What is")
    assert example.target == 1


def test_a_prompt_of_a_file_is_question_and_answer(exam, spec):
    text = "prompts:\n  plain: {doc_to_text: '{{topic}}: {{question}}', doc_to_target: '{{answer}}'}\n  odd: {}\n"
    (exam / "prompts.yaml").write_text(text, encoding="utf-8")
    built = spec(
        use_prompt="prompts.yaml:plain", doc_to_text=None, doc_to_target=None, doc_to_choice=None,
        output_type="generate_until", metric_list=None, fewshot_config={"doc_to_text": "never"},
    )  # fmt: skip
    example = next(Task(override(built, num_fewshot=1)).examples([3], PromptStyle(), 1))
    # A number that a named prompt renders stays text.
    assert (example.text, example.target) == ("sums: What is 3 plus one?", "1")
    assert example.canonical.contexts[0][0].content.startswith("sums: T: What is")
    for name, said in (("plane", "'plain'"), ("odd", "needs doc_to_text and doc_to_target")):
        with pytest.raises(TaskError, match=said):
            spec(use_prompt=f"prompts.yaml:{name}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("qa-basic", "CATEGORY:NAME"),
        ("qa-basic:q-newline", "'q-newline-a'"),
        ("qa-basics:q-newline-a", "'qa-basic'"),
        ("nowhere.yaml:x", "there is no file 'nowhere.yaml'"),
    ],
)
def test_a_name_that_does_not_exist_is_a_sentence(name, said):
    with pytest.raises(UsageError) as caught:
        named_prompt(name, None, None, None)
    assert said in str(caught.value)


def test_a_file_that_holds_no_prompts_is_a_sentence(tmp_path):
    for text, said in (("a: b", "no mapping 'prompts'"), ("a: [", "cannot be read")):
        file = tmp_path / f"{len(text)}.yaml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=said):
            named_prompt(f"{file.name}:x", None, None, str(tmp_path))


def test_promptsource_is_asked_where_it_is_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "promptsource", None)
    with pytest.raises(MissingExtraError, match="promptsource"):
        named_prompt("promptsource:ask", "squad", None, None)

    class Templates(dict):
        all_template_names = ("ask",)

        def __init__(self, dataset, subset):
            ask = SimpleNamespace(name="ask", answer_choices=None, apply=lambda doc: [f"{dataset}/{subset}", doc["a"]])
            super().__init__(ask=ask)

    module = ModuleType("promptsource.templates")
    module.DatasetTemplates = Templates  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "promptsource", ModuleType("promptsource"))
    monkeypatch.setitem(sys.modules, "promptsource.templates", module)
    prompt = named_prompt("promptsource:ask", "squad", "v2", None)
    assert (prompt.text({"a": "b"}), prompt.target({"a": "b"}), prompt.choice) == ("squad/v2", "b", None)
    with pytest.raises(UsageError, match="no prompt 'task'"):
        named_prompt("promptsource:task", "squad", None, None)
