"""The bench of a device measures cell by cell, keeps what it has, and runs where there is only a processor."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
gpu = importlib.import_module("gpu")
cases = importlib.import_module("side_by_side.cases")
gpu_cell = importlib.import_module("side_by_side.gpu_cell")
gpu_report = importlib.import_module("side_by_side.gpu_report")
prompts = importlib.import_module("side_by_side.prompts")
standin = importlib.import_module("side_by_side.standin")


def a_cell(name="mmlu", model="8b", peer=True, **more):
    run = {"scoring_wall": 2.0, "embedded_tokens": 4000, "device_peak_bytes": 3 * 10**9, "fraction_of_rate": 0.5}
    run |= {"report": {"mode": "tree"}}
    runs = {"proctor": run} | ({"lm-eval": run | {"scoring_wall": 12.0, "fraction_of_rate": 0.1}} if peer else {})
    changed = {"documents": 9, "largest": 0.1, "changed": 1, "near_ties": 0, "missing": 0}
    return {
        "kind": "gpu",
        "case": name,
        "generates": False,
        "documents": 1200,
        "device": "A device",
        "runs": runs,
        "model": {"name": model, "parameters": 8},
        "matrix_rate": 6e14,
        "machine": {"packages": {"torch": "2"}},
        "exactness": {"shared": changed, "plain": changed | {"changed": 2}},
        **({"ratio": 6.0} if peer else {}),
        **more,
    }


# -- documents


def test_the_whole_of_mmlu_is_as_large_as_the_real_one():
    documents = list(prompts.mmlu())
    assert len(documents) == sum(prompts.SUBJECT_SIZES) == 14_042
    assert len({one.context.partition("\n")[0] for one in documents}) > 50
    first, second = documents[:2]
    assert first.context.count("Answer:") == 6
    shared = next(place for place, (a, b) in enumerate(zip(first.context, second.context, strict=False)) if a != b)
    assert shared >= first.context.rindex("\n\n")
    assert first.options == (" A", " B", " C", " D")


def test_examples_stand_before_a_document():
    assert "\n\n" not in next(prompts.hellaswag(0)).context
    ten, generated = next(prompts.hellaswag(10)), next(prompts.gsm8k(5))
    assert ten.context.count("\n\n") == 10
    assert len(ten.options) == 4
    assert (generated.options, generated.context.count("Question:")) == ((), 6)


@pytest.mark.parametrize("lengths", sorted(standin.LENGTHS))
def test_generated_texts_are_as_long_as_the_real_ones(lengths):
    writer = standin.Writer(5)
    counts = sorted(len(writer.text(lengths).split()) for _ in range(2000))
    for share, count in zip(standin.SHARES, standin.LENGTHS[lengths], strict=True):
        if 0.1 <= share <= 0.9:
            assert counts[int(share * 2000)] == pytest.approx(count, rel=0.15, abs=1.5)
    assert counts[0] >= standin.LENGTHS[lengths][0]
    assert counts[-1] <= standin.LENGTHS[lengths][-1]


# -- cells


def test_a_cell_is_measured_once(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch")
    one_module = importlib.import_module("side_by_side.one_module")
    measured = []

    def measure(case, subject, setting):
        measured.append(case.name)
        return a_cell(case.name, subject)

    monkeypatch.setattr(gpu, "measure_cell", measure)
    monkeypatch.setattr(one_module, "build_subject", lambda shape, device: shape)
    words = ["--device", "cpu", "--tiny", "--results", str(tmp_path), "--cases", "mmlu", "gsm8k"]
    monkeypatch.setattr(gpu, "line", lambda cell: cell["case"])
    monkeypatch.setattr(gpu.json, "dumps", lambda cell, indent: "{}")
    assert gpu.main(words) == 0
    assert gpu.main(words) == 0
    assert measured == ["mmlu", "gsm8k"]
    assert "all cells have their files" in capsys.readouterr().out
    assert gpu.main([*words, "--again"]) == 0
    assert len(measured) == 4


def test_what_was_measured_before_a_failure_is_kept(tmp_path, monkeypatch, capsys):
    torch = pytest.importorskip("torch")
    one_module = importlib.import_module("side_by_side.one_module")

    def measure(case, subject, setting):
        if case.name == "hellaswag":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return a_cell(case.name)

    monkeypatch.setattr(gpu, "measure_cell", measure)
    monkeypatch.setattr(one_module, "build_subject", lambda shape, device: shape)
    words = ["--device", "cpu", "--tiny", "--results", str(tmp_path), "--cases", "mmlu", "hellaswag", "gsm8k"]
    assert gpu.main(words) == 1
    assert {file.name for file in tmp_path.iterdir()} == {"mmlu-tiny-cpu.json", "gsm8k-tiny-cpu.json"}
    assert "hellaswag on tiny: left out, memory ran out." in capsys.readouterr().err
    assert gpu.main([*words, "--minutes", "0"]) == 1
    assert "the minutes are over" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_a_sentence(capsys):
    pytest.importorskip("torch")
    assert gpu.main(["--device", "cuda:99"]) == 2
    assert "cannot use the device cuda:99" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--cases", "mmul"], ["--models", "9b"]])
def test_a_wrong_name_is_a_sentence(arguments, capsys):
    assert gpu.main(arguments) == 2
    assert capsys.readouterr().err.startswith("gpu: there is no")


def test_a_faster_device_gets_more_documents():
    class Subject:
        @staticmethod
        def tokenizer(texts):
            return {"input_ids": [text.split() for text in texts]}

    def count(name, rate, most=None):
        setting = gpu_cell.GpuSetting("cpu", "cpu", rate, 20.0, 32, 128, most, {}, 0.0)
        facts = {"body": 7e9, "hidden": 4096, "vocabulary": 128_256}
        return len(gpu_cell.choose_documents(prompts.GPU_CASES[name], Subject(), facts, setting))

    assert count("hellaswag", 1e9) == prompts.GPU_CASES["hellaswag"].least
    assert count("hellaswag", 1e14) < count("hellaswag", 6e14) < 10_042
    assert count("mmlu-whole", 1e9) == 14_042
    assert count("mmlu-whole", 1e9, most=12) == 12
    assert count("gsm8k", 6e14) == prompts.GPU_CASES["gsm8k"].least


# -- the table


def test_a_row_has_both_programs_or_one():
    row = dict(zip(gpu_report.COLUMNS, gpu_report.row(a_cell()), strict=True))
    assert (row["ratio"], row["of rate"], row["changed"]) == ("6.0×", "10% → 50%", "1/2")
    alone = dict(zip(gpu_report.COLUMNS, gpu_report.row(a_cell(peer=False, exactness=None)), strict=True))
    assert (alone["ratio"], alone["lm-eval, s"], alone["of rate"], alone["changed"]) == ("", "", "50%", "")
    assert len(gpu_report.line(a_cell())) >= sum(gpu_report.WIDTHS) - 2


def test_the_page_says_that_nothing_was_run_or_shows_it(tmp_path):
    page, results = tmp_path / "page.md", tmp_path / "results"
    results.mkdir()
    page.write_text(f"Before.\n\n{gpu_report.BEGIN}\nold\n{gpu_report.END}\n\nAfter.\n", encoding="utf-8")
    gpu_report.write_table(results, page)
    assert "Not run" in page.read_text(encoding="utf-8")
    (results / "a.json").write_text(json.dumps(a_cell()), encoding="utf-8")
    (results / "other.json").write_text("{}", encoding="utf-8")
    gpu_report.write_table(results, page)
    text = page.read_text(encoding="utf-8")
    assert "A device, 600 TFLOP/s of bfloat16 matrix products; torch 2." in text
    assert text.startswith("Before.")
    assert text.endswith("After.\n")
    assert "old" not in text


def test_operations_are_counted_from_the_module():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    one_module = importlib.import_module("side_by_side.one_module")
    build = importlib.import_module("side_by_side.build")

    class Tokenizer:
        pad_token_id, bos_token_id, eos_token_id = 0, 1, 2

    for name in ("tiny", "8b"):
        shape = cases.GPU_SHAPES[name]
        module = build.random_module(shape, Tokenizer(), "meta")
        facts = one_module.Subject(name, module, Tokenizer(), "meta").facts()
        assert (facts["body"], facts["width"], facts["layers"]) == (shape.body, shape.hidden, shape.layers)
        assert module.dtype is torch.bfloat16


@pytest.mark.slow
@pytest.mark.parametrize("real", [False, True])
def test_all_of_it_runs_on_a_processor(tmp_path, real):
    words = ["--device", "cpu", "--tiny", "--results", str(tmp_path), "--cases", "hellaswag", "gsm8k"]
    if real:
        words += ["--real", str(ROOT / "src" / "proctor" / "benchmarks" / "demo" / "model")]
    command = [sys.executable, str(ROOT / "bench" / "gpu.py"), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "hellaswag" in done.stdout
    cells = {cell["case"]: cell for cell in map(json.loads, (file.read_text() for file in tmp_path.iterdir()))}
    scored, generated = cells["hellaswag"], cells["gsm8k"]
    run = scored["runs"]["proctor"]
    assert run["report"]["mode"] == "tree"
    assert scored["trie"]["nodes"] <= run["embedded_tokens"] < 1.2 * scored["trie"]["flat"]
    assert run["fraction_of_rate"] > 0
    assert scored["exactness"]["shared"]["documents"] > 8
    assert generated["runs"]["proctor"]["report"]["mode"] == "shared"
    assert scored["model"]["name"] == ("model" if real else "tiny")


def test_documents_of_a_case_are_the_same_every_time():
    for case in prompts.GPU_CASES.values():
        assert list(islice(case.documents(), 3)) == list(islice(case.documents(), 3))
