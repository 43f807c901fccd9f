"""A chat template that does not show the model what it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from jinja2 import Template

from proctor.check.chat import check_chat
from proctor.cli.main import main
from proctor.errors import ModelError
from proctor.models.dummy import DummyModel
from proctor.tasks.prompt import PromptStyle

GOOD = "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{% endfor %}"


def style(source: str) -> PromptStyle:
    template = Template(source)

    def chat(messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool) -> str:
        return template.render(messages=messages, add_generation_prompt=add_generation_prompt)

    return PromptStyle(chat=chat)


def check(source: str) -> None:
    check_chat(style(source), system=True, shots=True, opened=True)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("", "renders nothing"),
        ("{# off #} \n", "renders nothing"),
        ("<s>Answer:", "'<s>Answer:' for every document"),
        ("{% for m in messages if m.role != 'user' %}{{ m.content }}{% endfor %}", "leaves the user's message out"),
        ("{{ messages[0].content }}", "leaves the user's message out"),
    ],
)
def test_a_template_without_the_question_is_an_error(source, shown):
    with pytest.raises(ModelError, match="leaves the user's message out") as caught:
        check(source)
    assert shown in str(caught.value)


@pytest.mark.parametrize(
    ("source", "dropped"),
    [
        (GOOD, None),
        ("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", "the system message"),
        ("{{ messages[0].content }}{{ messages[-1].content }}{{ messages[-2].content }}", "few-shot examples"),
        ("{% for m in messages if m.role != 'assistant' %}{{ m.content }}{% endfor %}", "the answers of few-shot"),
        (
            "{% for m in messages %}{% if not loop.last or m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
            "the beginning of the answer",
        ),
    ],
)
def test_what_else_is_dropped_is_a_warning(source, dropped, caplog):
    check(source)
    said = [record.getMessage() for record in caplog.records]
    assert any(dropped in one for one in said) if dropped else not said


def test_a_template_that_refuses_a_chat_says_so_where_it_is_used():
    def chat(messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool) -> str:
        raise ModelError("no")

    check_chat(PromptStyle(chat=chat), system=True, shots=True, opened=True)


@pytest.mark.parametrize("command", ["run", "preview"])
def test_nothing_is_asked_with_such_a_template(tmp_path: Path, write_exam, monkeypatch, capsys, command):
    monkeypatch.setattr(DummyModel, "render", lambda self, messages, **_: "")
    monkeypatch.setattr(DummyModel, "respond", None)
    folder = write_exam(tmp_path / "exam", "quiz")
    words = [command, "--model", "dummy", "--apply_chat_template", "--tasks", str(folder / "quiz.yaml")]
    assert main(words) == 1
    assert "leaves the user's message out: it renders nothing" in capsys.readouterr().err
