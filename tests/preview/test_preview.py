"""What a preview shows is what a run sends, with the tokens where prompt and answer meet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from letters_tokenizer import letters

from proctor.errors import UsageError
from proctor.preview.preview import preview
from proctor.run.progress import Quiet
from proctor.settings.config import build_config

ROWS = [{"question": f"{n} + 1?", "choices": [str(n), str(n + 1)], "answer": 1} for n in range(4)]
TASK = """\
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl, train: train.jsonl}}
test_split: test
fewshot_split: train
output_type: multiple_choice
doc_to_text: "{{question}}\\nA:"
doc_to_choice: choices
doc_to_target: answer
"""


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    for split in ("test", "train"):
        rows = [{**row, "question": f"{split} {row['question']}"} for row in ROWS]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "sums.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path


def show(exam: Path, *changes: tuple[str, str], more: str = "", color: bool = False, **flags) -> str:
    text = TASK + more
    for old, new in changes:
        text = text.replace(old, new)
    (exam / "sums.yaml").write_text(text, encoding="utf-8")
    config = build_config({"tasks": [str(exam / "sums.yaml")], **flags})
    return "\n".join(preview(config, progress=Quiet, color=color))


def test_prompt_choices_gold_and_target(exam):
    shown = show(exam)
    assert "\n┌─ prompt\ntest 0 + 1?\nA:\n└─ 14 characters, ending in 'test 0 + 1?\\nA:'\n" in shown
    assert "\n    ' 0'\n    ' 1'  ← gold\n  target  1" in shown
    assert "no few-shot examples" in shown
    assert "shown  1 task, 1 document, 2 requests, 18 characters" in shown
    assert "all    4 documents, about 8 requests" in shown


def test_examples_are_in_the_text_and_named(exam):
    shown = show(exam, num_fewshot=2, limit=2)
    assert "2 few-shot examples from split 'train' (4 documents), drawn with seed 1234" in shown
    assert "sums, document 0, after documents 3 and 0 of train" in shown
    assert "┌─ prompt\ntrain 3 + 1?\nA: 4\n\ntrain 0 + 1?\nA: 1\n\ntest 0 + 1?\nA:\n└─" in shown
    assert "sums, document 1, after" in shown


def test_named_documents(exam):
    shown = show(exam, samples={"sums": [3, 1]})
    assert "document 1 " in shown
    assert "document 3 " in shown
    assert "document 0 " not in shown


def test_alternative_contexts_mark_the_right_one(exam):
    shown = show(exam, ('"{{question}}\\nA:"', "answer"), ("doc_to_target: answer", 'doc_to_target: "."'))
    assert "┌─ prompt 1 of 2\n0\n" in shown
    assert "┌─ prompt 2 of 2, the right one\n1\n" in shown
    assert "target  1" in shown


def test_a_target_that_is_no_choice_is_said(exam):
    assert "target  7   which is none of the choices: any answer counts as wrong" in show(
        exam, ("doc_to_target: answer", "doc_to_target: 7")
    )


def test_generation_shows_its_settings(exam):
    shown = show(
        exam, ("multiple_choice", "generate_until"), ("doc_to_choice: choices\n", ""), gen_kwargs={"max_gen_toks": 7}
    )
    assert "generate with  temperature=0.0, do_sample=False, max_gen_toks=7, until=['\\n\\n']" in shown


def test_generation_that_leaves_no_room_for_a_prompt_is_refused_by_a_run(exam, shared_models):
    shown = show(
        exam, ("multiple_choice", "generate_until"), ("doc_to_choice: choices\n", ""),
        gen_kwargs={"max_gen_toks": 4000}, model_args={"pretrained": str(shared_models / "neox"), "max_length": 100},
    )  # fmt: skip
    assert "(0 of the model's 100 are left by max_gen_toks)" in shown
    assert "warning: a run refuses this: 4,000 tokens are to be generated and the model's limit is 100." in shown
    assert "cut off" not in shown


def test_rolling_shows_the_text(exam):
    shown = show(
        exam,
        ("multiple_choice", "loglikelihood_rolling"),
        ("doc_to_choice: choices\n", ""),
        ("doc_to_target: answer", "doc_to_target: question"),
    )
    assert "┌─ text, scored from its first token on\ntest 0 + 1?\n└─" in shown
    assert "target" not in shown


def test_a_system_instruction_stands_before_everything(exam):
    assert "┌─ prompt\nSYStest 0 + 1?" in show(exam, system_instruction="SYS")


def test_chat_without_a_tokenizer_is_an_error_and_with_a_model_kind_is_rendered(exam):
    with pytest.raises(UsageError, match="needs a tokenizer"):
        show(exam, apply_chat_template=True)
    assert "<|user|>\ntest 0 + 1?\nA:\n<|assistant|>\n" in show(exam, apply_chat_template=True, model="dummy")


def test_color_dims_all_but_the_question_and_changes_no_letter(exam):
    plain, colored = show(exam, num_fewshot=1), show(exam, num_fewshot=1, color=True)
    assert "\x1b[2mtrain 3 + 1?\nA: 4\n\n\x1b[22mtest 0 + 1?\nA:\n" in colored
    for code in ("\x1b[2m", "\x1b[22m", "\x1b[1m"):
        colored = colored.replace(code, "")
    assert colored == plain


def test_tokens_at_the_seam(exam, monkeypatch):
    monkeypatch.setattr("proctor.preview.preview.open_tokenizer", lambda *_: letters())
    shown = show(exam)
    assert "tokens  15 + at most 2 of 1,000; the prompt ends in '\\n' 10 · 'A' 65 · ':' 58" in shown
    assert "    ' 0'   | ' ' 32 · '0' 48\n    ' 1'   | ' ' 32 · '1' 49  ← gold" in shown
    assert ", 19 tokens\n" in shown
    assert "<user>test 0 + 1?\nA:<assistant>" in show(exam, apply_chat_template=True)


def test_a_prompt_that_does_not_fit_is_a_warning(exam, monkeypatch):
    monkeypatch.setattr("proctor.preview.preview.open_tokenizer", lambda *_: letters(10))
    shown = show(exam)
    assert "warning: the first 6 tokens of the prompt do not fit and are cut off." in shown
    assert shown.endswith("warning: 1 prompt shown here cannot be read whole by the model.")
