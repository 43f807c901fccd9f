"""Runs client programs, each in a fork of one process that has imported what they need: a script for either program.

    cd EXAM && python run_clients.py MODEL OUT [NAME ...]            with lm-eval, which writes the goldens
    cd EXAM && python -m proctor.compat run_clients.py MODEL OUT [NAME ...]

Each client is called as ``NAME.py MODEL OUT/NAME.json``; its output is in ``OUT/NAME.log``.
"""

import os
import runpy
import sys
import traceback
from pathlib import Path

import datasets  # noqa: F401 - imported once for all forks
import lm_eval.evaluator
import lm_eval.models.huggingface
import lm_eval.tasks  # noqa: F401
import torch
import torch.utils.collect_env

FOLDER = Path(__file__).parent
# A list of installed packages, made by pip for each run, is most of what lm-eval's side would cost.
torch.utils.collect_env.get_pretty_env_info = lambda: ""


def run(name, model, out):
    """Run one client in a fork; whether it ended well."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    log = os.open(out / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        sys.argv = [f"{name}.py", model, str(out / f"{name}.json")]
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
        code = 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def main(model, out, *names):
    """Run the clients named, or all."""
    out = Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    every = sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith(("run_", "_")))
    for name in names or every:
        print(name, "ends well" if run(name, model, out) else "FAILS", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
