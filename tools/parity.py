"""Run lm-eval and proctor in turn on the same arguments, and compare everything they wrote.

    make parity
    make parity PARITY_ARGS=--families
    make parity PARITY_ARGS="--engines .venv-engines"
    .venv/bin/python tools/parity.py --peer-python PEER/bin/python --cases demo demo-chat

Compared are every request's arguments (character by character), every log-likelihood (within
``--atol``) with its greedy flag, every generated text, every metric of every document, every
figure and standard error, and the hashes. A document whose two best choices lie so close that
rounding decides is counted as a near tie.

The demo cases need nothing but the repository. The others use the shared test data (hub/ and
models/ in $PROCTOR_SHARED, else in ../shared) and are left out where it is absent.

Exit status: 0 all equal, 1 something differs, 2 a program failed or could not be started.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from parity_compare import NoResults, Report, Tolerance, compare, read_run
from parity_families import family_cases, form_cases, write_forms
from parity_served import commands, environment, served_cases, server
from peer import PEER_VERSION, ROOT, Failed, peer_python, shared_folder

DEMO = ROOT / "src" / "proctor" / "benchmarks" / "demo"


@dataclass(frozen=True)
class Case:
    """One comparison: the arguments that both programs get. ``shared``: needs the shared data.

    ``stock``: proctor reads lm-eval's own task files. ``forms``: both read the exam of ``write_forms``.
    ``ours``: what proctor gets besides. ``engine``: what runs the model, a server or an engine within both programs.
    """

    name: str
    arguments: tuple[str, ...]
    shared: bool = False
    stock: bool = False
    forms: bool = False
    ours: tuple[str, ...] = ()
    engine: str | None = None

    @property
    def folder(self) -> Path:
        """Where both run: lm-eval reads local data and data sets by hub name from there."""
        return shared_folder() / "hub" if self.shared else DEMO


def _demo(name: str, tasks: str, *more: str) -> Case:
    model = ("--model", "hf", "--model_args", "pretrained=model,dtype=float32")
    return Case(f"demo{name}", (*model, "--tasks", tasks, "--include_path", ".", "--batch_size", "16", *more))


def _real(name: str, tasks: str, *more: str, model: str = "llama-bos") -> Case:
    chosen = ("--model", "hf", "--model_args", f"pretrained=../models/{model},dtype=float32")
    return Case(name, (*chosen, "--tasks", tasks, "--batch_size", "8", *more), shared=True)


CASES = (
    _demo("", "demo"),
    _demo("-few-shot", "demo_text,demo_letter", "--num_fewshot", "3"),
    _demo("-chat", "demo", "--apply_chat_template"),
    _demo(
        "-chat-few-shot",
        "demo_letter,demo_errands",
        *("--num_fewshot", "2", "--apply_chat_template", "--fewshot_as_multiturn", "false"),
        *("--system_instruction", "Answer with one letter."),
    ),
    _real(
        "real",
        "mmlu_anatomy,hellaswag,winogrande,piqa,boolq,lambada_openai,sst2,copa,commonsense_qa,"
        "kobest_copa,kmmlu_math,cmmlu_astronomy,blimp_anaphor_gender_agreement,wikitext",
        *("--limit", "6"),
    ),
    _real("real-few-shot", "mmlu_anatomy,hellaswag,winogrande,kobest_boolq", "--limit", "6", "--num_fewshot", "3"),
    _real("real-chat", "mmlu_anatomy,hellaswag,winogrande", "--limit", "6", "--apply_chat_template"),
    _real("real-generation", "gsm8k", "--limit", "4", "--gen_kwargs", "max_gen_toks=32"),
    _real("custom-mmlu", "mmlu_custom", "--limit", "6", "--include_path", str(ROOT / "examples" / "custom_mmlu")),
)


def _longer() -> Iterator[Case]:
    """The cases of ``parity_families``, which run where they are asked for."""
    for forms, cases in ((False, family_cases()), (True, form_cases())):
        for name, model, words in cases:
            chosen = ("--model", "hf", "--model_args", f"pretrained=../models/{model},dtype=float32")
            ours = ("--strict_lm_eval",) if "-strict" in name else ()
            size = () if "--batch_size" in words else ("--batch_size", "8")
            yield Case(name, (*chosen, *size, *words), shared=True, stock=not forms, forms=forms, ours=ours)


FAMILIES = tuple(_longer())
SERVED = tuple(Case(name, words, shared=True, stock=True, engine=engine) for name, engine, words in served_cases())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the chosen cases and say how they came out."""
    options = _parser().parse_args(argv)
    try:
        cases = choose(options.cases, SERVED if options.engines else FAMILIES if options.families else CASES)
        if options.list:
            print("\n".join(f"{case.name:18} {' '.join(case.arguments)}" for case in cases))
            return 0
        peer = peer_python(options.peer_python)
    except Failed as failure:
        print(f"parity: {failure}", file=sys.stderr)
        return 2
    work = Path(options.keep or tempfile.mkdtemp(prefix="parity-")).resolve()
    try:
        return run_cases(
            cases, Programs(peer, options.engines), work, Tolerance(options.atol, options.rtol), options.show
        )
    except KeyboardInterrupt:
        return 2
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--cases", nargs="+", metavar="NAME", help="only these; --list shows the names")
    parser.add_argument("--families", action="store_true", help="the longer cases: task families, forms of prompts")
    parser.add_argument(
        "--engines", type=Path, metavar="FOLDER", help="the cases on real engines, whose environments are there"
    )
    parser.add_argument("--list", action="store_true", help="list the cases with their arguments")
    parser.add_argument(
        "--peer-python", metavar="PATH", help=f"a Python that has lm_eval {PEER_VERSION} ($PEER_PYTHON)"
    )
    parser.add_argument("--atol", type=float, default=1e-3, help="largest difference of a log-likelihood (0.001)")
    parser.add_argument("--rtol", type=float, default=1e-4, help="largest relative difference of a figure (0.0001)")
    parser.add_argument("--show", type=int, default=5, metavar="N", help="mismatches shown of each case (5)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep both programs' files and logs there")
    return parser


def choose(names: Sequence[str] | None, default: Sequence[Case] = CASES) -> list[Case]:
    """The cases of these names, else those of ``default`` that can run here; what is left out is said."""
    by_name = {case.name: case for case in (*CASES, *FAMILIES, *SERVED)}
    unknown = [name for name in names or () if name not in by_name]
    if unknown:
        raise Failed(f"there is no case {', '.join(unknown)}; there are {', '.join(by_name)}.")
    chosen = [by_name[name] for name in names] if names else list(default)
    missing = [case.name for case in chosen if case.shared and not case.folder.is_dir()]
    if missing and names:
        raise Failed(f"{', '.join(missing)} need the shared test data, which is not in {shared_folder()}.")
    if missing:
        print(f"Left out, for want of the shared test data (set PROCTOR_SHARED): {', '.join(missing)}")
    return [case for case in chosen if case.name not in missing]


@dataclass(frozen=True)
class Programs:
    """The Python that has lm-eval, and the folder with the engines' environments."""

    peer: str
    engines: Path | None = None


def run_cases(cases: Sequence[Case], programs: Programs, work: Path, tolerance: Tolerance, show: int) -> int:
    """Run and compare every case; the worst outcome is the exit status."""
    status = 0
    print(_line("case", "samples", "figures", "differ", "near ties", "largest", "lm-eval s", "proctor s", "ratio"))
    for engine, group in groupby(cases, lambda case: case.engine):
        try:
            with server(engine, programs.engines, work / f"server-{engine}") as address:
                for case in group:
                    status = max(status, _run_and_print(case, programs, address, work / case.name, tolerance, show))
        except Failed as failure:
            print(f"{engine}: {failure}", flush=True)
            status = 2
    print({0: "All equal.", 1: "Not equal.", 2: "Not all could be compared."}[status])
    return status


def _run_and_print(
    case: Case, programs: Programs, address: Mapping[str, str], work: Path, tolerance: Tolerance, show: int
) -> int:
    words = tuple(word.format(**address) if address else word for word in case.arguments)
    try:
        report, (theirs, ours) = run_case(replace(case, arguments=words), programs, work, tolerance)
    except (Failed, NoResults) as failure:
        print(f"{case.name}: {failure}", flush=True)
        return 2
    print(
        _line(
            case.name, report.samples, report.figures, len(report.mismatches), report.near_ties,
            f"{report.worst:.1e}", f"{theirs:.1f}", f"{ours:.1f}", f"{theirs / ours:.2f}",
        ),
        flush=True,
    )  # fmt: skip
    for mismatch in report.mismatches[:show]:
        print(f"  {mismatch}", flush=True)
    # Two runs without samples agree on nothing.
    return int(bool(report.mismatches) or not report.samples)


def _line(name: str, *cells: object) -> str:
    return f"{name:30}" + "".join(f"{cell!s:>11}" for cell in cells)


def run_case(case: Case, programs: Programs, work: Path, tolerance: Tolerance) -> tuple[Report, tuple[float, float]]:
    """Both programs on one case: what differs, and the wall seconds of lm-eval and of proctor."""
    exam = ("--include_path", str(write_forms(work.parent / "forms"))) if case.forms else ()
    stock = ("--include_path", peer_tasks(programs.peer)) if case.stock else ()
    peer, own = commands(case.engine, programs.engines) or (
        [programs.peer, "-m", "lm_eval"],
        [sys.executable, "-m", "proctor"],
    )
    theirs = run_program([*peer, "run", *exam], case, work / "lm-eval")
    ours = run_program([*own, "run", *exam, *stock, *case.ours], case, work / "proctor")
    return compare(read_run(work / "lm-eval"), read_run(work / "proctor"), tolerance), (theirs, ours)


def peer_tasks(python: str) -> str:
    """The folder of lm-eval's task files."""
    code = "import importlib.util as u; print(u.find_spec('lm_eval').submodule_search_locations[0])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return str(Path(found.stdout.strip()) / "tasks")


def run_program(command: Sequence[str], case: Case, out: Path) -> float:
    """Run one program as a whole process and return its wall seconds."""
    out.mkdir(parents=True, exist_ok=True)
    arguments = [*command, *case.arguments, "--device", "cpu", "--output_path", str(out), "--log_samples"]
    started = time.perf_counter()
    with (out / "log.txt").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            arguments, cwd=case.folder, env=_environment(out), stdout=log, stderr=subprocess.STDOUT, check=False
        )
    seconds = time.perf_counter() - started
    if done.returncode:
        tail = (out / "log.txt").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise Failed(f"{' '.join(arguments)}\n  ended with {done.returncode}; its last words:\n{tail}")
    return seconds


def _environment(out: Path) -> Mapping[str, str]:
    """Offline, and the same for both: data set caches of their own, so that neither warms the other's."""
    caches = out.parents[1] / f"cache-{out.name}"
    settings = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "HF_DATASETS_CACHE": str(caches)}
    return {**environment(), "PROCTOR_STORE": "off", **settings}


if __name__ == "__main__":
    raise SystemExit(main())
