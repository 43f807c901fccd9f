"""The Lantern Isles are consistent, and the exam asks nothing that training has already asked."""

import importlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
world = importlib.import_module("demo_world")
corpus = importlib.import_module("demo_corpus")
exam_writer = importlib.import_module("make_demo_exam")

DEMO = ROOT / "src/proctor/benchmarks/demo"
MULTIPLE_CHOICE = ("isles", "creatures", "folk", "sums", "sequences")


@pytest.fixture(scope="module")
def exam():
    return exam_writer.exam()


@pytest.fixture(scope="module")
def documents():
    return corpus.sample(seed=8, count=20_000)


def test_the_world_is_the_same_every_time():
    assert world.facts() == world.facts()
    assert world.sum_pairs() == world.sum_pairs()
    assert world.sequences() == world.sequences()


def test_another_seed_makes_another_world():
    assert world.facts(seed=1) != world.facts(seed=2)


def test_every_name_belongs_to_one_thing_only():
    names = [*world.ISLES, *world.CAPITALS, *world.CREATURES, *world.FOLK]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("relation", world.RELATIONS, ids=lambda relation: relation.name)
def test_no_answer_of_a_relation_is_a_better_guess_than_another(relation):
    counts = Counter(fact.answer for fact in world.facts() if fact.relation.name == relation.name)
    assert set(counts) == set(relation.values)
    assert len(set(counts.values())) == 1


@pytest.mark.parametrize("relation", world.RELATIONS, ids=lambda relation: relation.name)
def test_half_of_each_relation_may_be_asked_in_training(relation):
    own = [fact for fact in world.facts() if fact.relation.name == relation.name]
    assert sum(fact.asked for fact in own) * 2 == len(own)


@pytest.mark.parametrize("subject", MULTIPLE_CHOICE)
def test_choices_are_distinct_and_hold_the_answer(exam, subject):
    for rows in exam[subject].values():
        for row in rows:
            assert len(set(row["choices"])) == len(world.LETTERS)
            assert 0 <= row["answer"] < len(world.LETTERS)


def test_the_gold_answers_are_the_true_ones(exam):
    truth = {fact.question(): fact.answer for fact in world.facts()}
    for subject in ("isles", "creatures", "folk"):
        for row in exam[subject]["test"]:
            assert row["choices"][row["answer"]] == truth[row["question"]]


def test_the_gold_sums_add_up(exam):
    for row in exam["sums"]["test"]:
        first, word, second = re.fullmatch(r"What is (\d+) (plus|minus) (\d+)\?", row["question"]).groups()
        value = int(first) + int(second) if word == "plus" else int(first) - int(second)
        assert row["choices"][row["answer"]] == str(value)


def test_the_worked_errands_end_in_their_answer(exam):
    for row in exam["errands"]["test"]:
        assert row["working"].endswith(f"The answer is {row['answer']}.")


@pytest.mark.parametrize("subject", MULTIPLE_CHOICE)
def test_no_place_among_the_choices_is_a_good_guess(exam, subject):
    places = Counter(row["answer"] for row in exam[subject]["test"])
    assert max(places.values()) <= 0.45 * len(exam[subject]["test"])


@pytest.mark.parametrize("subject", MULTIPLE_CHOICE)
def test_every_subject_asks_enough_and_repeats_nothing(exam, subject):
    questions = [row["question"] for row in exam[subject]["test"]]
    assert 60 <= len(questions) <= 100
    assert len(set(questions)) == len(questions)


def test_the_corpus_is_the_same_every_time():
    assert corpus.sample(seed=3, count=50) == corpus.sample(seed=3, count=50)


def test_training_never_asks_a_question_of_the_exam(exam, documents):
    held_out = [fact for fact in world.facts() if not fact.asked]
    forbidden = {fact.question() for fact in held_out}
    # A question in other words may stand on a practice paper only.
    forbidden |= {fact.question(phrasing=1) for fact in held_out if not fact.practised}
    forbidden |= {row["question"] for subject in ("sums", "sequences", "errands") for row in exam[subject]["test"]}
    asked = {line.removeprefix("Question: ").removeprefix("Guest: ") for text in documents for line in text.split("\n")}
    assert asked & forbidden == set()


def test_what_is_practised_is_only_ever_answered_by_a_letter(documents):
    practised = {fact.question(phrasing=1) for fact in world.facts() if fact.practised}
    blocks = [block for text in documents for block in text.split("\n\n")]
    answers = [block.rsplit("Answer: ", 1)[-1] for block in blocks if practised & {*block.split("\n")}]
    assert len(answers) > 100
    assert set(answers) <= set(world.LETTERS)


def test_a_share_of_the_exam_is_practised():
    for topic, share in world.PRACTISED.items():
        own = [fact for fact in world.facts() if fact.relation.topic == topic and not fact.asked]
        assert sum(fact.practised for fact in own) / len(own) == pytest.approx(share, abs=0.05)
    assert not [fact for fact in world.facts() if fact.asked and fact.practised]


def test_training_never_adds_a_pair_of_the_exam(documents):
    _, held_out = world.sum_pairs()
    sums = {tuple(map(int, pair)) for text in documents for pair in re.findall(r"(\d+) \+ (\d+)", text)}
    assert len(sums) > 300
    assert {(max(pair), min(pair)) for pair in sums} & set(held_out) == set()


def test_training_tells_no_tale_of_the_exam(exam, documents):
    assert {row["text"] for row in exam["tales"]["test"]} & set(documents) == set()


def test_the_examples_are_not_among_the_questions(exam):
    for subject in (*MULTIPLE_CHOICE, "errands"):
        examples = {row["question"] for row in exam[subject]["dev"]}
        assert examples & {row["question"] for row in exam[subject]["test"]} == set()


def test_the_data_beside_the_task_files_is_what_the_writer_writes(tmp_path):
    exam_writer.main(["--out", str(tmp_path)])
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    bundled = {path.name: path.read_text(encoding="utf-8") for path in (DEMO / "data").iterdir()}
    assert written == bundled


def test_a_lettered_question_reads_as_the_task_file_lays_it_out(exam):
    utils = importlib.util.spec_from_file_location("demo_utils", DEMO / "utils.py")
    module = importlib.util.module_from_spec(utils)
    utils.loader.exec_module(module)
    row = exam["isles"]["test"][0]
    question = world.Question(row["topic"], row["question"], tuple(row["choices"]), row["answer"])
    assert module.lettered_question(row) == world.lettered(question)


def test_the_bundled_model_is_small():
    sizes = {path.name: path.stat().st_size for path in (DEMO / "model").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= set(sizes)
    assert sum(sizes.values()) <= 3_000_000


@pytest.mark.slow
def test_two_steps_of_training_make_a_checkpoint_that_loads(tmp_path):
    transformers = pytest.importorskip("transformers")
    trainer = importlib.import_module("train_demo")
    trainer.main(["--steps", "2", "--rows", "2", "--width", "64", "--threads", "1", "--out", str(tmp_path)])
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert model.num_parameters() < 1_400_000
    text = "Question: What is 7 plus 8?\nAnswer: 15"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    config = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert "Keeper:" in config["chat_template"]
    messages = [{"role": "user", "content": "What does the snorfel eat?"}]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert rendered == "Guest: What does the snorfel eat?\nKeeper:"
