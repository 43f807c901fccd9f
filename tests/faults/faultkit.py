"""Runs of real processes: how they are started, watched and killed, and what they left behind."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "src" / "proctor" / "benchmarks" / "demo"
LONG = 60.0

EXCLUDED = ("date", "start_time", "end_time", "total_evaluation_time_seconds", "proctor")
"""What may differ between the results of two runs: when they were and how long they took, and how the
answers came about (``proctor``: how many tokens this process computed). Samples differ in nothing."""
EXCLUDED_CONFIG = ("batch_sizes",)
"""The same of the section ``config``: the batches that this process computed."""

KINDS = ("scoring", "generation", "rolling")

_EXAMS = {
    "scoring": """\
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: answer
""",
    "generation": """\
output_type: generate_until
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["."], do_sample: false, max_gen_toks: 4}
""",
    "rolling": """\
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list:
  - {metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}
  - {metric: bits_per_byte, aggregation: bits_per_byte, higher_is_better: false}
""",
}
_DATA = {"scoring": "isles", "generation": "errands", "rolling": "tales"}
DOCUMENTS = {"scoring": 60, "generation": 50, "rolling": 60}


def write_exam(folder: Path, kind: str) -> Path:
    """An exam of one kind in a folder of its own; the path of its task file."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in (DEMO / "data" / f"{_DATA[kind]}.jsonl").read_text("utf-8").splitlines()]
    if kind == "rolling":
        rows = [{"text": sentence} for row in rows for sentence in row["text"].split(". ")]
        rows = list({row["text"]: row for row in rows}.values())
    lines = [json.dumps(row) for row in rows[: DOCUMENTS[kind]]]
    (folder / "test.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    head = f"task: faults_{kind}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: test.jsonl}}}}\n"
    file = folder / f"{kind}.yaml"
    file.write_text(f"{head}test_split: test\n{_EXAMS[kind]}", encoding="utf-8")
    return file


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the model's log."""

    what: str
    moment: float
    more: str


class Process:
    """One command at work. ``wait(seconds)`` and ``pid`` come from whoever started it."""

    def __init__(self, pid: int, wait: Callable[[float], int | None], folder: Path, began: float) -> None:
        self.pid, self._wait, self.began, self.ended = pid, wait, began, began
        self.out = self.err = self.log = folder

    def events(self, what: str | None = None) -> list[Event]:
        """What its model has written down so far."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        split = [line.split(" ", 2) for line in lines]
        events = [Event(name, float(moment), more[0] if more else "") for name, moment, *more in split]
        return [event for event in events if what in (None, event.what)]

    def digests(self, what: str) -> list[str]:
        """The requests that were asked or answered."""
        return [event.more for event in self.events(what)]

    def until(self, come: Callable[[], object], seconds: float = LONG) -> bool:
        """Wait for something to come; False if the process ended before."""
        limit, turns = time.monotonic() + seconds, 0
        while not come():
            turns += 1
            if turns % 20 == 0 and self._wait(0) is not None:
                return bool(come())
            assert time.monotonic() < limit, f"it never came; stderr: {self.errors()[-2000:]}"
            time.sleep(0.004)
        return True

    def until_event(self, what: str, count: int = 1) -> bool:
        """Wait until that has happened ``count`` times."""
        return self.until(lambda: len(self.events(what)) >= count)

    def send(self, number: int) -> None:
        """A signal, if it is there to get it."""
        if self._wait(0) is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """The signal that no process hears."""
        self.send(signal.SIGKILL)
        self.code()

    def code(self, seconds: float = LONG) -> int:
        """Its exit code; negative: the signal that ended it."""
        code = self._wait(seconds)
        if code is None:
            os.kill(self.pid, signal.SIGKILL)
            self._wait(5)
            raise AssertionError(f"it did not end within {seconds} s; stderr: {self.errors()[-2000:]}")
        return code

    def errors(self) -> str:
        """Its stderr."""
        return self.err.read_text("utf-8", "replace") if self.err.exists() else ""

    def output(self) -> str:
        """Its stdout."""
        return self.out.read_text("utf-8", "replace") if self.out.exists() else ""


class Stable:
    """Starts processes: warm ones out of a zygote, cold ones as ``python -m proctor``."""

    def __init__(self, folder: Path) -> None:
        self._started = 0
        self._plugins = folder / "plugins"
        info = self._plugins / "counted-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counted\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[proctor.models]\ncounted = counted:open_counted\n")
        self._zygote = subprocess.Popen(
            [sys.executable, str(HERE / "zygote.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment(folder),
        )  # fmt: skip
        assert self._zygote.stdout is not None
        assert self._zygote.stdout.readline() == "ready\n"

    def environment(self, folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a process of these tests has around it."""
        path = [str(HERE), str(self._plugins), *filter(None, [os.environ.get("PYTHONPATH")])]
        dropped = ("PROCTOR_STORE", "LMEVAL_LOG_LEVEL")
        return {
            **{key: value for key, value in os.environ.items() if key not in dropped},
            "PYTHONPATH": os.pathsep.join(path),
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "PROCTOR_CACHE": str(folder / "cache"),
            **(more or {}),
        }

    def start(
        self, folder: Path, words: Sequence[str], *, cold: bool = False, into: Path | None = None, **more: str
    ) -> Process:
        """Start ``proctor WORDS`` in a folder; ``more``: variables. ``into``: where its stdout goes."""
        folder.mkdir(parents=True, exist_ok=True)
        self._started += 1
        environment = self.environment(folder, {"FAULTS_LOG": str(folder / f"log{self._started}"), **more})
        out, err = into or folder / f"out{self._started}", folder / f"err{self._started}"
        process = (self._cold if cold else self._warm)(folder, list(words), environment, out, err)
        process.out, process.err, process.log = out, err, Path(environment["FAULTS_LOG"])
        return process

    def _cold(self, folder: Path, words: list[str], environment: dict[str, str], out: Path, err: Path) -> Process:
        began = time.monotonic()
        with out.open("ab") as stdout, err.open("ab") as stderr:
            command = [sys.executable, "-m", "proctor", *words]
            child = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=stdout, stderr=stderr, start_new_session=True
            )

        def wait(seconds: float) -> int | None:
            try:
                return child.poll() if not seconds else child.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        return Process(child.pid, wait, folder, began)

    def _warm(self, folder: Path, words: list[str], environment: dict[str, str], out: Path, err: Path) -> Process:
        began = time.monotonic()
        order = {"folder": str(folder), "environment": environment, "out": str(out), "err": str(err)}
        pid = self._order({"do": "start", "words": words, **order})
        assert isinstance(pid, int)
        return Process(pid, lambda s: self._order({"do": "wait", "pid": pid, "seconds": s}), folder, began)

    def _order(self, order: Mapping[str, Any]) -> int | None:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()
        return json.loads(self._zygote.stdout.readline())

    def close(self) -> None:
        """No more processes."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.close()
        self._zygote.wait(10)
        self._zygote.stdout.close()


def words_of(task: Path, *more: str, store: str = "answers.sqlite", output: str = "results") -> list[str]:
    """The command of these tests: the demo model, counted, on one exam."""
    return [
        *("run", "--model", "counted", "--model_args", f"pretrained={DEMO / 'model'},dtype=float32"),
        *("--tasks", str(task), "--store", store, "--output_path", output, "--log_samples", *more),
    ]


def results_of(folder: Path, output: str = "results") -> tuple[str, str]:
    """The newest results and samples as text, without what may differ between two runs."""
    found = sorted((folder / output).glob("*/results_*.json"))
    assert found, f"there are no results in {folder / output}"
    document = json.loads(found[-1].read_text("utf-8"))
    kept = {key: value for key, value in document.items() if key not in EXCLUDED}
    kept["config"] = {key: value for key, value in kept["config"].items() if key not in EXCLUDED_CONFIG}
    samples = sorted(found[-1].parent.glob("samples_*.jsonl"))[-1].read_text("utf-8")
    return json.dumps(kept, indent=1), samples


def committed(store: Path) -> int:
    """How many answers (parts of them, for choices) the store holds; looked at without touching it."""
    if not store.exists():
        return 0
    # A copy with its log: reading the original would tidy up what the dead process left.
    copies = [Path(f"{store.with_name('looked-at.sqlite')}{tail}") for tail in ("", "-wal")]
    for tail, copy in zip(("", "-wal"), copies, strict=True):
        original = Path(f"{store}{tail}")
        copy.unlink(missing_ok=True)
        if original.exists():
            copy.write_bytes(original.read_bytes())
    connection = sqlite3.connect(copies[0])
    try:
        return connection.execute("SELECT count(*) FROM responses").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
        for copy in [*copies, Path(f"{copies[0]}-shm")]:
            copy.unlink(missing_ok=True)
