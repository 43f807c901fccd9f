"""Real launchers with 1, 2 and 4 processes: the results of one process, and nothing lost when a rank dies."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faultkit import DEMO, LONG, committed, results_of, write_exam

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs torch")]

UNEVEN = str(Path(__file__).with_name("uneven_rank.py"))
SCRIPT = str(Path(__file__).with_name("slow_rank.py"))
ONE = [sys.executable, "-m", "proctor"]
DOCUMENTS = {"scoring": 40, "generation": 12, "rolling": 12}


def torchrun(count, program=("-m", "proctor")):
    launch = [sys.executable, "-m", "torch.distributed.run", "--master_port", free_port()]
    return [*launch, "--nproc_per_node", str(count), *program]


def accelerate(count):
    # --multi_gpu is what accelerate itself sets on a machine with several GPUs.
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--main_process_port", free_port()]
    rest = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    return [*launch, *rest, "--num_processes", str(count), "-m", "proctor"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@pytest.fixture(scope="module")
def exams(tmp_path_factory):
    """Documents of each kind, few of them."""
    folder = tmp_path_factory.mktemp("ranks")
    files = {kind: write_exam(folder / kind, kind) for kind in DOCUMENTS}
    for kind, file in files.items():
        data = file.with_name("test.jsonl")
        data.write_text("\n".join(data.read_text("utf-8").splitlines()[: DOCUMENTS[kind]]) + "\n", "utf-8")
    return files


def words(exams, *more, args=""):
    tasks = ",".join(str(file) for file in exams.values())
    model = ("--model", "hf", "--model_args", f"pretrained={DEMO / 'model'},dtype=float32{args}")
    return [
        "run",
        *model,
        "--tasks",
        tasks,
        "--store",
        "s.sqlite",
        "--output_path",
        "results",
        "--log_samples",
        *("--batch_size", "8"),
        *more,
    ]


def start(folder, command, **more):
    folder.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    environment |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", **more}
    with (folder / "out").open("ab") as out, (folder / "err").open("ab") as err:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True)


def run(folder, command, code=0, **more):
    process = start(folder, command, **more)
    try:
        assert process.wait(120) == code, (folder / "err").read_text("utf-8")[-4000:]
    finally:
        if process.poll() is None:
            # Its ranks are in sessions of their own, and end with it.
            process.terminate()
            process.wait(LONG)
    return folder


@pytest.fixture(scope="module")
def alone(exams, tmp_path_factory):
    """The results of one process, without and with ``--batch_invariant``."""
    folder = tmp_path_factory.mktemp("alone")
    return {more: run(folder / str(len(more)), [*ONE, *words(exams, *more)]) for more in ((), ("--batch_invariant",))}


def samples_of(folder):
    files = sorted((folder / "results").glob("*/samples_*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def assert_close(one, other):
    """Equal, but for the last bits of numbers."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if not key.endswith("_hash"):
                assert_close(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_close(*pair)
    elif isinstance(one, str):
        try:
            assert float(one) == pytest.approx(float(other), abs=1e-5, rel=1e-5)
        except ValueError:
            assert one == other
    else:
        assert one == (pytest.approx(other, abs=1e-5, rel=1e-5) if isinstance(one, float) else other)


@pytest.mark.parametrize(
    ("launch", "ranks", "more"),
    [
        (torchrun, 1, ()),
        (torchrun, 2, ("--batch_invariant",)),
        (torchrun, 4, ()),
        (torchrun, 4, ("--batch_invariant",)),
        (accelerate, 2, ()),
    ],
    ids=["torchrun 1", "torchrun 2 invariant", "torchrun 4", "torchrun 4 invariant", "accelerate 2"],
)
def test_results_are_those_of_one_process(launch, ranks, more, exams, alone, tmp_path):
    run(tmp_path, [*launch(ranks), *words(exams, *more)])
    whole, ours = results_of(alone[more]), results_of(tmp_path)
    if more or ranks == 1:
        assert ours[0] == whole[0]
        assert samples_of(tmp_path) == samples_of(alone[more])
    else:
        assert_close(json.loads(whole[0]), json.loads(ours[0]))
        assert_close(samples_of(alone[more]), samples_of(tmp_path))
    document = json.loads(next((tmp_path / "results").glob("*/results_*.json")).read_text("utf-8"))
    assert document["proctor"].get("ranks", 1) == ranks
    # One of them printed.
    assert (tmp_path / "out").read_text("utf-8").count("bits_per_byte") == 1


SCRIPTED = """\
import json, lm_eval
for name in ("first", "second"):
    results = lm_eval.simple_evaluate(model="hf", model_args="pretrained={model},dtype=float32,batch_invariant=True",
                                      tasks={tasks!r}, batch_size=8, device="cpu")
    with open(name + ".json", "x") as file:
        json.dump(results, file, default=str, sort_keys=True)
print("evaluated")
"""


def test_a_script_for_lm_eval_is_computed_by_all_ranks_and_goes_on_in_rank_0(exams, tmp_path):
    code = SCRIPTED.format(model=DEMO / "model", tasks=[str(exams["scoring"])])
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "script.py").write_text(code, "utf-8")
        run(folder, torchrun(count, ("-m", "proctor.compat", "script.py")))
        assert (folder / "out").read_text("utf-8").count("evaluated") == 1
    one, two = (
        {name: json.loads((tmp_path / count / f"{name}.json").read_text("utf-8")) for name in ("first", "second")}
        for count in "12"
    )
    for name in one:
        assert two[name]["samples"] == one[name]["samples"]
        assert two[name]["results"] == one[name]["results"]


@pytest.mark.parametrize("size", [2, 4])
def test_ranks_hold_parts_of_a_model_and_several_such_teams_share_a_run(size, exams, alone, tmp_path):
    run(tmp_path, [*torchrun(4), *words(exams, args=f",tp_plan=auto,tp_size={size}")])
    assert_close(samples_of(alone[()]), samples_of(tmp_path))
    assert (tmp_path / "out").read_text("utf-8").count("bits_per_byte") == 1
    assert len(list((tmp_path / "results").glob("*/results_*.json"))) == 1


def test_a_team_computes_the_batches_that_the_least_memory_of_its_ranks_allows(exams, alone, tmp_path):
    """Each by its own memory, one rank would be in another pass than the other."""
    words_ = words(exams, "--batch_size", "auto", args=",tp_plan=auto,scoring=plain")
    run(tmp_path, [*torchrun(2, (UNEVEN,)), *words_], FREE_BYTES="2000000")
    assert_close(samples_of(alone[()]), samples_of(tmp_path))
    file = next((tmp_path / "results").glob("*/results_*.json"))
    uneven = json.loads(file.read_text("utf-8"))["config"]["batch_sizes"]
    run(tmp_path / "even", [*torchrun(2, (UNEVEN,)), *words_])
    even = json.loads(next((tmp_path / "even").glob("results/*/results_*.json")).read_text("utf-8"))
    assert max(uneven) < max(even["config"]["batch_sizes"])


def test_a_team_one_of_whose_ranks_runs_out_of_memory_ends_in_a_sentence(exams, tmp_path):
    command = [*torchrun(2, (UNEVEN,)), *words(exams, args=",tp_plan=auto")]
    run(tmp_path, command, code=1, FULL_AFTER="6")
    shown = (tmp_path / "err").read_text("utf-8")
    assert "Rank 1 of 2: Memory ran out in one of 2 processes that hold the model together" in shown


def children(process):
    """The ranks that a launcher has started: by rank their process."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
    )
    ranks = {}
    for pid in map(int, found.stdout.split()):
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        ranks |= {int(one[5:]): pid for one in variables if one.startswith(b"RANK=")}
    return ranks


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def until(come, seconds=120.0):
    limit = time.monotonic() + seconds
    while not come():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("paused", "number", "victim", "sentence"),
    [
        (1, signal.SIGKILL, 1, "proctor: error: Rank 1 of 2 has ended"),
        (1, signal.SIGTERM, 1, "proctor: error: Rank 1 of 2 has ended: it was stopped by a signal."),
        (0, signal.SIGKILL, 0, "Rank 0 has ended"),
        (1, signal.SIGINT, None, "proctor: stopped by the keyboard. The responses to"),
    ],
    ids=["kill rank 1", "stop rank 1", "kill rank 0", "stop the launcher"],
)
def test_a_run_whose_rank_dies_ends_in_a_sentence_and_goes_on_with_what_is_missing(
    paused, number, victim, sentence, exams, alone, tmp_path
):
    more = ("--batch_invariant",)
    file = tmp_path / "paused"
    command = [*torchrun(2, (SCRIPT,)), *words(exams, *more)]
    process = start(tmp_path, command, PAUSED_RANK=str(paused), PAUSED_FILE=str(file))
    until(file.exists)
    ranks = children(process)
    assert sorted(ranks) == [0, 1]
    # What the rank that goes on computes meanwhile is stored.
    until(lambda: paused == 0 or committed(tmp_path / "s.sqlite") > 20)
    os.kill(process.pid if victim is None else ranks[victim], number)
    assert process.wait(LONG) != 0
    until(lambda: all(map(is_gone, ranks.values())), LONG)
    shown = (tmp_path / "err").read_text("utf-8")
    assert sentence in shown
    # torchrun shows tracebacks of its own, which have nothing of ours.
    assert 'File "' + str(DEMO.parents[1]) not in shown
    assert "terminate called" not in shown
    stored = committed(tmp_path / "s.sqlite")
    run(tmp_path, [*torchrun(2), *words(exams, *more)])
    assert results_of(tmp_path)[0] == results_of(alone[more])[0]
    assert samples_of(tmp_path) == samples_of(alone[more])
    resumed = (tmp_path / "err").read_text("utf-8")[len(shown) :]
    assert ("requests are cached; the others are requested from the model" in resumed) == bool(stored)


def test_a_team_that_loses_a_rank_ends_in_a_sentence(exams, tmp_path):
    file = tmp_path / "paused"
    command = [*torchrun(2, (SCRIPT,)), *words(exams, args=",tp_plan=auto")]
    process = start(tmp_path, command, PAUSED_RANK="1", PAUSED_FILE=str(file))
    until(file.exists)
    ranks = children(process)
    # Rank 0 waits in a computation for rank 1.
    os.kill(ranks[1], signal.SIGKILL)
    assert process.wait(LONG) != 0
    until(lambda: all(map(is_gone, ranks.values())), LONG)
    shown = (tmp_path / "err").read_text("utf-8")
    assert "proctor: error: Rank 1 of 2 has ended" in shown
    assert 'File "' + str(DEMO.parents[1]) not in shown
