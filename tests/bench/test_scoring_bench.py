"""The bench counts right, compares right, and writes a page that can be written again."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
scoring = importlib.import_module("scoring")
build = importlib.import_module("side_by_side.build")
cases = importlib.import_module("side_by_side.cases")
cell = importlib.import_module("side_by_side.cell")
driver = importlib.import_module("side_by_side.driver")
figures = importlib.import_module("side_by_side.figures")
report = importlib.import_module("side_by_side.report")
standin = importlib.import_module("side_by_side.standin")

IDS = st.lists(st.integers(0, 2), min_size=1, max_size=6)


# -- counting


@given(st.lists(st.tuples(IDS, IDS), max_size=8), st.integers(1, 9))
def test_the_trie_is_the_set_of_prefixes(pairs, max_length):
    inputs = [(context + scored)[-(max_length + 1) :][:-1] for context, scored in pairs]
    prefixes = {tuple(tokens[:stop]) for tokens in inputs for stop in range(1, len(tokens) + 1)}
    trie = figures.measure_trie(pairs, max_length)
    assert trie.flat == sum(map(len, inputs))
    assert trie.nodes == len(prefixes)
    assert trie.depths == sum(map(len, prefixes))
    assert trie.rows <= trie.nodes


def test_rows_that_need_logits_are_counted_once():
    # Two letters after one question need one row; a longer text two more.
    pairs = [([1, 2], [3]), ([1, 2], [4]), ([1, 2], [3, 5, 6])]
    trie = figures.measure_trie(pairs, 100)
    assert (trie.flat, trie.nodes, trie.rows) == (2 + 2 + 4, 4, 3)


def test_what_scores_nothing_needs_nothing():
    assert figures.measure_trie([([1, 2], [])], 10) == figures.Trie(0, 0, 0, 0)


def test_least_operations_is_the_formula():
    trie = figures.Trie(flat=0, nodes=10, depths=55, rows=3)
    found = figures.least_operations(trie, body=100, layers=2, width=8, hidden=8, vocabulary=50)
    assert found == 2 * 100 * 10 + 4 * 2 * 8 * 55 + 2 * 8 * 50 * 3


# -- comparing


def sample(*scores, doc=0):
    return {("t", doc): {"doc_id": doc, "resps": [[[str(value), str(greedy)]] for value, greedy in scores]}}


def test_a_changed_choice_is_counted_and_the_largest_difference_found():
    ours = sample((-1.0, True), (-2.0, False))
    apart = figures.compare(ours, sample((-2.5, True), (-2.0, False)))
    assert (apart.documents, apart.largest, apart.changed, apart.near_ties) == (1, 1.5, 1, 0)


def test_a_near_tie_is_told_apart():
    apart = figures.compare(sample((-1.0, False), (-1.00001, False)), sample((-1.00001, False), (-1.0, False)))
    assert (apart.changed, apart.near_ties) == (1, 1)


def test_one_continuation_is_predicted_by_its_greedy_flag():
    assert figures.compare(sample((-1.0, True)), sample((-1.0, False))).changed == 1


def test_texts_are_compared_as_they_are():
    ours, theirs = ({("t", 0): {"resps": [[text]]}} for text in ("a", "b"))
    assert figures.compare(ours, theirs).changed == 1
    assert figures.compare(ours, ours).changed == 0


def test_documents_of_one_side_only_are_missing():
    apart = figures.compare(sample((-1.0, True)) | sample((-1.0, True), doc=1), sample((-1.0, True)))
    assert (apart.documents, apart.missing) == (1, 1)


def test_infinities_that_are_equal_are_no_difference():
    assert figures.compare(sample((float("-inf"), False)), sample((float("-inf"), False))).largest == 0


def test_ratios_are_of_medians():
    def runs(*values):
        return [{"scoring_cpu": value} for value in values]

    assert figures.ratios(runs(1.0, 2.0, 9.0), runs(4.0, 6.0)) == {"scoring_cpu": 2.5}


def test_samples_are_read_once_for_several_filters(tmp_path):
    lines = [{"doc_id": 0, "resps": [["x"]], "filter": name} for name in ("strict", "flexible")]
    folder = tmp_path / "model"
    folder.mkdir()
    file = folder / "samples_my_task_2026-01-01T00-00-00.000000.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert {key: line["filter"] for key, line in cell.read_samples(tmp_path).items()} == {("my_task", 0): "strict"}


# -- measuring


class Model:
    def outer(self, number):
        return self.inner(number)

    def inner(self, number):
        yield from range(number)


def test_calls_within_calls_are_timed_once_and_generators_to_their_end():
    meter, seen = driver.Meter(), []
    for name in ("outer", "inner"):
        meter.wrap(Model, name, lambda instance, number, name=name: seen.append((name, number)))
    assert Model().outer(3) == [0, 1, 2]
    assert seen == [("outer", 3), ("inner", 3)]
    assert meter.wall > 0
    assert meter._depth == 0


def test_tokens_that_pass_the_model_are_counted():
    torch = pytest.importorskip("torch")

    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(9, 4)

        def get_input_embeddings(self):
            return self.embedding

    meter, module = driver.Meter(), Module()
    meter.watch(module)
    meter.watch(module)
    module.embedding(torch.zeros(2, 5, dtype=torch.long))
    assert (meter.tokens, meter.calls) == (10, 1)


def test_peak_memory_is_bytes():
    assert 1 << 20 < driver.peak_bytes() < 1 << 40


@pytest.mark.parametrize(
    "shape",
    [*cases.SHAPES.values(), *(one for one in cases.GPU_SHAPES.values() if one.name != "tiny")],
    ids=lambda shape: shape.name,
)
def test_a_shape_counts_the_parameters_of_its_body(shape):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")

    class Tokenizer:
        pad_token_id, bos_token_id, eos_token_id = 0, 1, 2

        def __len__(self):
            return 4096

    with torch.device("meta"):
        module = transformers.AutoModelForCausalLM.from_config(build.config_of(shape, Tokenizer()))
    matrices = sum(p.numel() for p in module.model.layers.parameters() if p.dim() > 1)
    assert shape.body == matrices
    wanted = float(shape.name.partition("m")[0].partition("b")[0]) * (1e9 if shape.name.endswith("b") else 1e6)
    if shape.name in ("15m", "110m"):
        # Named after the public checkpoints, whose embeddings count.
        assert 0.97 * wanted < module.num_parameters() < 1.03 * wanted
    elif shape.name == "15m-128k":
        assert shape.body == cases.SHAPES["15m"].body
    else:
        assert 0.85 * wanted < shape.body < 1.15 * wanted


# -- cases and options


def test_every_own_task_has_its_file():
    files = {file.stem for file in (ROOT / "bench" / "tasks").glob("*.yaml")}
    named = {task for case in cases.CASES.values() for task in case.tasks if task.startswith("bench_")}
    assert named == files


def test_the_large_model_gets_enough_questions_of_one_subject():
    assert cases.CASES["mmlu-subject"].documents("110m") >= 50
    assert all(case.documents(name) >= 2 for case in cases.CASES.values() for name in cases.SHAPES)


def test_options_choose_cells_and_long_cases_only_by_name():
    chosen = scoring.cells(scoring.parser().parse_args([]))
    assert {shape.name for _, shape in chosen} == {"15m"}
    assert "mmlu-whole" not in {case.name for case, _ in chosen}
    given_cells = scoring.cells(scoring.parser().parse_args(["--cases", "mmlu-whole", "--models", "1m", "110m"]))
    assert [(case.name, shape.name) for case, shape in given_cells] == [("mmlu-whole", "1m"), ("mmlu-whole", "110m")]


@pytest.mark.parametrize("arguments", [["--cases", "mmul"], ["--models", "15"], ["--threads", "none"]])
def test_a_wrong_name_is_a_sentence(arguments, capsys, monkeypatch):
    monkeypatch.setattr(scoring, "peer_python", lambda given: "python")
    assert scoring.main(arguments) == 2
    assert capsys.readouterr().err.startswith("scoring: ")


def test_without_the_peer_nothing_runs(capsys):
    assert scoring.main(["--peer-python", "/nowhere/python"]) == 2
    assert "cannot be started" in capsys.readouterr().err


def test_both_programs_get_the_same_flags_but_for_the_batch_size(tmp_path):
    setting = cell.Setting(peer="python", work=tmp_path, threads=1, own_arguments="scoring=tree")
    case, shape = cases.CASES["mmlu"], cases.SHAPES["15m"]
    flags = cell.arguments(case, shape, tmp_path, setting, 3)
    mine = cell.own(flags, case, setting)
    assert mine[:-2] == [flag + ",scoring=tree" if flag.startswith("pretrained=") else flag for flag in flags]
    assert mine[-2:] == ["--batch_size", "auto"]
    assert cell.own(flags, cases.CASES["gsm8k"], setting)[-1] == setting.batch_size


# -- stand-in data


def test_generated_data_loads_under_the_real_names(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    standin.write_hub(tmp_path, ["anatomy"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name, config, columns in (
        ("cais/mmlu", "anatomy", {"question", "choices", "answer", "subject"}),
        ("Rowan/hellaswag", None, {"ctx", "endings", "label", "activity_label"}),
        ("allenai/winogrande", "winogrande_xl", {"sentence", "option1", "option2", "answer"}),
        ("openai/gsm8k", "main", {"question", "answer"}),
        ("EleutherAI/lambada_openai", "default", {"text"}),
    ):
        found = datasets.load_dataset(name, config, cache_dir=str(tmp_path / "cache"))
        assert columns <= set(found[next(iter(found))].column_names)


def test_generated_data_is_the_same_every_time(tmp_path):
    for name in ("one", "other"):
        standin.write_hub(tmp_path / name, ["anatomy"])
    files = sorted(file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*.jsonl"))
    assert files
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes() for file in files)


# -- the page


def a_cell(name="mmlu", ratio=12.5, **more):
    run = {"scoring_cpu": 8.0, "scoring_wall": 8.0, "process_wall": 12.0, "process_cpu": 11.0, "version": "1"}
    run |= {"peak_bytes": 10**9, "packages": {"torch": "2", "transformers": "5"}, "report": {"mode": "tree"}}
    return {
        "case": name,
        "title": f"{name} <5-shot>",
        "generates": False,
        "model": {"name": "15m", "parameters": 15},
        "threads": 1,
        "device": "cpu",
        "batch_size": {"lm-eval": "8", "proctor": "auto"},
        "machine": {"processor": "a processor", "cores": 4, "python": "3.11.7"},
        "runs": {"proctor": [run], "lm-eval": [run | {"scoring_cpu": 8.0 * ratio}]},
        "difference": {"documents": 200, "largest": 5e-5, "changed": 0, "near_ties": 0, "missing": 0},
        "ratios": dict.fromkeys(figures.MEASURED, ratio),
        **more,
    }


def test_the_page_keeps_what_is_written_by_hand():
    page = f"# Speed\n\nBefore.\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter.\n"
    once = report.replace_block(page, report.block([a_cell()]))
    assert "old" not in once
    assert once.startswith("# Speed\n\nBefore.")
    assert once.endswith("After.\n")
    assert report.replace_block(once, report.block([a_cell()])) == once
    assert report.BEGIN in report.replace_block("# Speed\n", "new")


def test_a_table_has_as_many_cells_in_every_row():
    cells = [
        a_cell(),
        a_cell("gsm8k", generates=True),
        a_cell("lambada", tokens_over_nodes={"lm-eval": 2, "proctor": 1}),
    ]
    rows = report.table(cells).splitlines()
    assert len(rows) == 5
    assert len({row.count("|") for row in rows}) == 1
    assert "**12.5×**" in rows[2]


def test_cells_of_other_releases_stand_in_a_table_of_their_own():
    earlier = a_cell("earlier")
    for runs in earlier["runs"].values():
        runs[0] = {**runs[0], "torch": "1", "transformers": "4"}
        del runs[0]["packages"]
    text = report.block([a_cell(), earlier, a_cell("third")])
    now, then = (
        text.index("Python 3.11.7, torch 2, transformers 5."),
        text.index("Python 3.11.7, torch 1, transformers 4."),
    )
    assert now < text.index("| third <5-shot>") < then < text.index("| earlier <5-shot>")


def test_the_whole_process_is_measured_in_cpu_seconds():
    assert " | 11.0 → 11.0 | " in report.table([a_cell()])


def test_the_chart_is_well_formed_and_has_a_bar_for_every_cell():
    cells = [a_cell(ratio=ratio) for ratio in (0.5, 1.0, 106.0)]
    tree = ElementTree.fromstring(report.chart(cells))
    bars = tree.findall("{http://www.w3.org/2000/svg}rect")
    widths = [float(bar.get("width", "nan")) for bar in bars]
    assert widths[0] == widths[1] == 0 < widths[2]


def test_writing_reads_only_cells_and_makes_the_page(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    (results / "mmlu-15m-1t.json").write_text(json.dumps(a_cell()))
    (results / "other.json").write_text("{}")
    found = report.read_cells(results)
    assert len(found) == 1
    page, chart = report.write_report(found, tmp_path / "docs" / "performance.md")
    assert chart.name in page.read_text()
    assert page.read_text().startswith("# Performance")


def test_a_report_of_nothing_is_a_sentence(tmp_path, capsys):
    assert scoring.main(["report", "--results", str(tmp_path)]) == 2
    assert "measure first" in capsys.readouterr().err


def test_a_cell_is_one_line_and_fails_where_something_changed():
    assert "12.5x" in scoring.line(a_cell())
    assert scoring.holds(a_cell(), 1e-4)
    assert not scoring.holds(a_cell(ratio=0.9), 1e-4)
    assert not scoring.holds(a_cell(), 1e-6)
    changed = a_cell(difference={"documents": 2, "largest": 0.0, "changed": 1, "near_ties": 0, "missing": 0})
    assert not scoring.holds(changed, 1e-4)


def test_the_driver_measures_a_run_of_proctor(tmp_path):
    """It wraps methods of the engine by their names: a name that is changed is noticed here."""
    benchmarks = ROOT / "src" / "proctor" / "benchmarks" / "demo"
    shape = {"body": 10, "layers": 1, "hidden": 8, "vocabulary": 100, "dtype": "float32"}
    model = ("--model", "hf", "--model_args", f"pretrained={benchmarks / 'model'},dtype=float32", "--device", "cpu")
    arguments = [*model, "--tasks", "demo_text_sums", "--limit", "2", "--no_store"]
    job = {"program": "proctor", "arguments": arguments, "started": 0.0, "shape": shape, "device": "cpu"}
    (tmp_path / "job.json").write_text(json.dumps({**job, "figures": str(tmp_path / "figures.json")}), encoding="utf-8")
    command = [sys.executable, "-m", "side_by_side.driver", str(tmp_path / "job.json")]
    subprocess.run(command, cwd=ROOT / "bench", check=True, capture_output=True)
    measured = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert measured["trie"]["nodes"] > 0
    assert measured["embedded_tokens"] >= measured["report"]["forwarded_tokens"] > 0
    assert measured["scoring_cpu"] > 0
    assert measured["encoding_cpu"] > 1e-4  # of the requests themselves, not of the probe alone
