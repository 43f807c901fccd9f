"""What the README of a task says."""

from proctor.new.plan import plan_task
from proctor.new.readme import guesses, readme
from proctor.new.request import request_of


def test_a_readme_says_what_was_read_and_what_to_type(tmp_path):
    path = tmp_path / "exam.csv"
    path.write_text("question,A,B,answer\nWhich is hot?,ice,fire,B\nWhich?,x,y,Z\n")
    plan = plan_task(request_of({"name": "exam", "source": str(path), "skip_bad": True, "style": "all"}))
    text = readme(plan, ["exam_letter", "exam_text", "exam_cloze", "exam_chat"])
    assert f"- `{path}`, SHA-256 `{plan.source.files[0].sha256}`" in text
    assert "| answer_form | letter | by what all rows hold |" in text
    assert "## Left out: 1 row\n\n- line 3, column 'answer': 'Z' names none of 2 options" in text
    assert "--tasks exam_letter,exam_text,exam_cloze\n" in text
    assert "lm_eval --model hf" in text
    assert "proctor new ../exam --update" in text
    assert ("answer", "answer", "by name") in guesses(plan)
    plan = plan_task(request_of({**plan.request.as_document(), "answer_form": "letter"}))
    assert ("answer_form", "letter", "by flag") in guesses(plan)
