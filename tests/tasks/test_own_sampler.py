"""Samplers written as classes: asked as lm-eval asks them, and sentences where they go wrong."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.tasks.override import override
from proctor.tasks.prompt import PromptStyle

CODE = """
from lm_eval.api.samplers import ContextSampler


class Last(ContextSampler):
    def sample(self, n, eval_doc=None, df=None, **kwargs):
        return list(self.df)[-n:]


class Shuffled(ContextSampler):
    def sample(self, n, eval_doc=None, df=None, **kwargs):
        return self.rnd.sample(self.rm_eval_doc(eval_doc, self.df), n)


class Own:
    def __init__(self, df, rnd=None):
        self.df = df

    def sample(self, n, eval_doc=None):
        made = {"question": "Made up?", "choices": ["no", "yes"], "answer": 1}
        return [made, self.df[0]][:n]


class TooFew(ContextSampler):
    def sample(self, n, eval_doc=None, df=None, **kwargs):
        return []


class Broken(ContextSampler):
    def sample(self, n, eval_doc=None, df=None, **kwargs):
        return self.df[99]


class NoSampler:
    def __init__(self, df, rnd=None):
        pass


def not_a_class():
    pass
"""


@pytest.fixture
def sampled(exam, task, spec):
    """A bound task whose examples a class of ``code.py`` chooses."""
    from proctor.refs import Ref
    from proctor.tasks.task import Task

    (exam / "code.py").write_text(CODE, encoding="utf-8")

    def make(cls, n=2, **changes):
        return Task(override(spec(fewshot_config={"sampler": Ref(str(exam), f"code.{cls}")}, **changes), num_fewshot=n))

    return make


def drawn(bound, number=0, seed=1):
    examples = list(bound.examples(range(number + 1), PromptStyle(), seed))
    return examples[number].shots, examples[number].canonical.contexts[0]


def test_its_documents_become_examples(sampled):
    shots, turns = drawn(sampled("Last"))
    assert shots == (10, 11)
    assert [turn.content for turn in turns[:2]] == ["Q: T: What is 10 plus one?\nA:", "11"]


def test_it_is_seeded_and_told_the_question_where_that_may_be_an_example(sampled):
    other = sampled("Shuffled", 3)
    assert drawn(other, 5, seed=1)[0] == drawn(other, 5, seed=1)[0]
    assert drawn(other, 5, seed=1)[0] != drawn(other, 5, seed=2)[0]
    same = sampled("Shuffled", 11, fewshot_split="test")
    for number in range(4):
        assert sorted(drawn(same, number)[0]) == [n for n in range(12) if n != number]


def test_a_document_that_it_makes_up_is_an_example_too(sampled):
    bound = sampled("Own")
    shots, turns = drawn(bound, 2)
    assert shots == (12, 0)
    assert turns[0].content == "Q: Made up?\nA:"


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        ("TooFew", "its sampler gave 0 documents, but 2 few-shot examples are asked for"),
        ("Broken", "its sampler failed on a document: IndexError"),
        ("NoSampler", "its sampler has no method 'sample"),
        ("not_a_class", "its sampler failed: TypeError"),
        ("Nobody", "has no 'Nobody'"),
    ],
)
def test_what_goes_wrong_is_a_sentence_with_its_place(sampled, cls, said):
    with pytest.raises(TaskError) as caught:
        drawn(sampled(cls))
    assert said in str(caught.value)
    [finding] = caught.value.errors
    assert finding.file is None or finding.file.endswith((".yaml", ".py"))


def test_samples_and_process_docs_of_examples_may_be_functions(exam, task, spec):
    from proctor.refs import Ref
    from proctor.tasks.task import Task

    code = (
        "def samples():\n    return [{'question': 'Mine?', 'choices': ['no', 'yes'], 'answer': 1}]\n"
        "def last(rows):\n    return rows.select([11])\n"
        "def wrong():\n    return 7\n"
        "def broken():\n    raise OSError('away')\n"
    )
    (exam / "code.py").write_text(code, encoding="utf-8")

    def first(**own):
        shots = {key: Ref(str(exam), f"code.{name}") for key, name in own.items()}
        split = None if "samples" in own else "train"
        bound = Task(override(spec(fewshot_config=shots, fewshot_split=split), num_fewshot=1))
        return next(bound.examples([0], PromptStyle(), 1)).canonical.contexts[0][0].content

    assert first(samples="samples") == "Q: Mine?\nA:"
    assert first(process_docs="last") == "Q: T: What is 11 plus one?\nA:"
    with pytest.raises(TaskError, match="must be a list of documents"):
        first(samples="wrong")
    with pytest.raises(TaskError, match=r"fewshot_config.samples failed: OSError: away"):
        first(samples="broken")
