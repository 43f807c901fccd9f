"""Runs one program's own command line in this process and measures it: ``python -m side_by_side.driver JOB``.

JOB is a JSON file: ``program`` ("proctor" or "lm-eval"), ``arguments``, ``figures`` (the file to
write), ``started`` (unix time at which the process was asked for), ``shape`` (see
:mod:`side_by_side.cases`), ``threads``. Both programs are measured by the same code: the call that
answers requests is wrapped, and the input embedding counts the tokens that pass through the model.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from side_by_side.figures import Pair, as_json, least_operations, measure_trie


class Meter:
    """Seconds inside the model's answers, tokens that went through it, and what was asked of it."""

    def __init__(self) -> None:
        self.cpu = self.wall = self.encoding = 0.0
        self.tokens = self.calls = 0
        self.asked: list[tuple[str, str]] = []
        self.report: Mapping[str, Any] = {}
        self.encode: Callable[[list[tuple[str, str]]], list[Pair]] | None = None
        self.max_length = 0
        self._hooked: set[int] = set()
        self._depth = 0

    @contextmanager
    def time(self) -> Iterator[None]:
        """Count the time of a call; calls within calls count once."""
        self._depth += 1
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self.cpu += time.process_time() - cpu
                self.wall += time.perf_counter() - wall

    def watch(self, module: Any) -> None:
        """Count the tokens that pass the input embedding of ``module``."""
        if id(module) in self._hooked:
            return
        self._hooked.add(id(module))

        def count(_: Any, args: tuple[Any, ...]) -> None:
            self.tokens += args[0].numel()
            self.calls += 1

        module.get_input_embeddings().register_forward_pre_hook(count)

    def wrap(self, owner: type, name: str, before: Callable[..., None]) -> None:
        """Time a method; ``before`` sees its arguments."""
        method = getattr(owner, name)

        def timed(instance: Any, *args: Any, **kwargs: Any) -> Any:
            before(instance, *args)
            with self.time():
                found = method(instance, *args, **kwargs)
                return list(found) if isinstance(found, Iterator) else found

        setattr(owner, name, timed)

    def wrap_encoding(self, owner: type, name: str) -> None:
        """Time a tokenising method; the outermost call counts."""
        method = getattr(owner, name)
        inside = False

        def timed(*args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            if inside:
                return method(*args, **kwargs)
            inside, start = True, time.process_time()
            try:
                return method(*args, **kwargs)
            finally:
                inside = False
                self.encoding += time.process_time() - start

        setattr(owner, name, timed)


def run_proctor(arguments: list[str], meter: Meter) -> int:
    """``proctor run`` with its model measured."""
    from proctor.cli.main import main
    from proctor.models.hf.model import HfModel
    from proctor.models.tokens.tokenizer import Tokens
    from proctor.types import Loglikelihood

    def before(model: Any, requests: Any, *_: Any) -> None:
        meter.watch(model.module)
        meter.encode, meter.max_length = model.tokens.encode_pairs, model.tokens.max_length
        for request in requests:
            if isinstance(request, Loglikelihood):
                meter.asked.extend((request.context, text) for text in request.continuations)

    def reported(model: Any) -> Mapping[str, Any]:
        meter.report = report(model)
        return meter.report

    report = HfModel.report
    setattr(HfModel, "report", reported)  # noqa: B010 - a checker would refuse the assignment
    meter.wrap(HfModel, "respond", before)
    for name in ("encode_requests", "encode_pairs", "encode_prompts", "encode_many"):
        meter.wrap_encoding(Tokens, name)
    return main(["run", *arguments])


def run_lm_eval(arguments: list[str], meter: Meter) -> int:
    """``lm_eval run`` with its model measured."""
    from lm_eval.__main__ import cli_evaluate
    from lm_eval.models.huggingface import HFLM

    def before(model: Any, *_: Any) -> None:
        meter.watch(model.model)

    for name in ("loglikelihood", "loglikelihood_rolling", "generate_until"):
        meter.wrap(HFLM, name, before)
    for name in ("_encode_pair", "tok_encode", "tok_batch_encode"):
        if hasattr(HFLM, name):
            meter.wrap_encoding(HFLM, name)
    sys.argv = ["lm_eval", "run", *arguments]
    cli_evaluate()
    return 0


PROGRAMS = {"proctor": run_proctor, "lm-eval": run_lm_eval}
PACKAGES = {"proctor": "proctor", "lm-eval": "lm_eval"}
MEASURED_WITH = (
    "torch", "transformers", "tokenizers", "accelerate", "safetensors", "huggingface_hub", "datasets", "pyarrow",
    "numpy", "jinja2",
)  # fmt: skip
"""The packages that both programs' time is spent in."""


def peak_bytes() -> int:
    """The largest resident size of this process, without what it inherited from its parent."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measured(meter: Meter, started: float) -> dict[str, Any]:
    """The figures of a run that has just ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "scoring_cpu": meter.cpu,
        "scoring_wall": meter.wall,
        "encoding_cpu": meter.encoding,
        "process_cpu": time.process_time() + children.ru_utime + children.ru_stime,
        "process_wall": time.time() - started,
        "peak_bytes": peak_bytes(),
        "embedded_tokens": meter.tokens,
        "forward_calls": meter.calls,
        "report": dict(meter.report.get("scoring", {})),
    }


def matrix_rate(device: str, dtype: str, seconds: float = 0.5, size: int = 1024) -> float:
    """Multiply-add operations (counted twice) a second of this machine: CPU seconds on a CPU, else wall."""
    import torch

    on_cpu = device == "cpu"
    clock = time.process_time if on_cpu else time.perf_counter
    left = torch.randn(size, size, device=device, dtype=getattr(torch, dtype))
    best = 0.0
    stop = time.perf_counter() + seconds
    left @ left
    while not best or time.perf_counter() < stop:  # once at least: a process that waits for a core may be late
        wait_for(device)
        start = clock()
        for _ in range(4):
            left @ left
        wait_for(device)
        best = max(best, 4 * 2 * size**3 / max(1e-9, clock() - start))
    return best


def wait_for(device: str) -> None:
    """Wait until a device has done what it was given."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize()


def limits(meter: Meter, job: Mapping[str, Any]) -> dict[str, Any]:
    """The trie of what was asked, and the least seconds it can take here. Nothing for generation alone."""
    if not meter.asked or meter.encode is None:
        return {}
    shape = job["shape"]
    trie = measure_trie(meter.encode(meter.asked), meter.max_length)
    operations = least_operations(
        trie,
        body=shape["body"],
        layers=shape["layers"],
        width=shape["hidden"],
        hidden=shape["hidden"],
        vocabulary=shape["vocabulary"],
    )
    rate = matrix_rate("cpu", shape["dtype"])
    return {"trie": as_json(trie), "operations": operations, "matrix_rate": rate, "least_seconds": operations / rate}


def main(path: str) -> int:
    """Run the job; the program's exit status is this one's."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    meter = Meter()
    status = PROGRAMS[job["program"]](list(job["arguments"]), meter) or 0
    figures = measured(meter, job["started"])
    figures["version"] = _version(PACKAGES[job["program"]])
    figures["packages"] = {name: _version(name) for name in MEASURED_WITH}
    figures.update(limits(meter, job))
    Path(job["figures"]).write_text(json.dumps(figures), encoding="utf-8")
    return int(status)


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
