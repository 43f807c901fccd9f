"""A process that has imported everything and forks: each child runs one command as a process of its own.

Importing torch takes seconds; a suite that kills a hundred runs cannot pay them each time. Children are
real processes with their own signals, files and exit; what this leaves out, the start of the
interpreter, is killed in runs that start cold.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from pathlib import Path

STARTED: dict[int, int | None] = {}


def serve() -> list[str] | None:
    """Obey lines of JSON; in a child, the words of its command."""
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            pid = os.fork()
            if not pid:
                return _settle(order)
            STARTED[pid] = None
            answer = pid
        else:
            answer = _wait(order["pid"], order["seconds"])
        print(json.dumps(answer), flush=True)
    return None


def _settle(order: dict) -> list[str]:
    """Become what a process of that command would be."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    out, err = (os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) for name in ("out", "err"))
    for target, source in enumerate((nothing, out, err)):
        os.dup2(source, target)
        os.close(source)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    return order["words"]


def _wait(pid: int, seconds: float) -> int | None:
    limit = time.monotonic() + seconds
    while STARTED[pid] is None:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            STARTED[pid] = os.waitstatus_to_exitcode(status)
        elif time.monotonic() > limit:
            return None
        else:
            time.sleep(0.002)
    return STARTED[pid]


def warm_up() -> None:
    """Import what a run imports, and load a model once: what is compiled on the way is compiled for all."""
    import importlib

    for name in (
        *("torch", "transformers", "datasets", "safetensors.torch", "sqlite3", "rich.progress"),
        *("proctor.cli.run", "proctor.run.session", "proctor.run.progress", "proctor.models.hf.lazy"),
        *("proctor.results.env", "proctor.results.files", "proctor.results.table", "proctor.cli.environment"),
        *("proctor.settings.config_file", "transformers.models.llama.modeling_llama", "pytablewriter", "counted"),
        *("transformers.models.auto.modeling_auto", "transformers.models.auto.tokenization_auto"),
    ):
        importlib.import_module(name)
    folder = Path(__file__).resolve().parents[2] / "src" / "proctor" / "benchmarks" / "demo" / "model"
    transformers = importlib.import_module("transformers")
    # No thread may be left when this process forks.
    importlib.import_module("tqdm").tqdm.monitor_interval = 0
    transformers.utils.logging.disable_progress_bar()
    os.environ["HF_DEACTIVATE_ASYNC_LOAD"] = "1"
    transformers.AutoTokenizer.from_pretrained(folder)
    transformers.AutoModelForCausalLM.from_pretrained(folder)
    gc.collect()
    gc.freeze()
    limit = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < limit:
        time.sleep(0.05)
    assert threading.active_count() == 1, threading.enumerate()


if __name__ == "__main__":
    from proctor.cli.main import main

    warm_up()
    print("ready", flush=True)
    words = serve()
    if words is not None:
        sys.argv = ["proctor", *words]
        sys.exit(main())
