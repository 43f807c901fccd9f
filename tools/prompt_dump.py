"""Writes down the prompts that proctor builds, without a model, in the lines of ``tests/compat/recorder.py``.

    cd HUB && python tools/prompt_dump.py --out FILE.jsonl [--include_path FOLDER] [--limit 5] < names-of-tasks.txt

The requests are those of a run: they come out of ``plan_task``, which a run sends to its model.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "compat"))
recorder = importlib.import_module("recorder")


class Dump:
    """proctor's side: every task is bound once for each number of shots, and planned in every mode."""

    def __init__(self, include_path: Sequence[str] = ()) -> None:
        from proctor.tasks.index import build_index

        self.index = build_index(include_path)
        self.loading = self.building = 0.0

    def task(self, name: str, modes: Sequence[Any], limit: int | None) -> Iterator[str]:
        """The lines of one task; a failure to load is one line, a failure of a mode another."""
        from proctor.tasks.override import override
        from proctor.tasks.select import select
        from proctor.tasks.suite import build_suite

        started = time.process_time()
        try:
            (spec,) = build_suite(select(self.index, [name]).nodes).tasks
            bound = {shots: self._bind(override(spec, num_fewshot=shots)) for shots in {mode.shots for mode in modes}}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a line of the dump
            yield recorder.failure(name, "load", error)
            return
        finally:
            self.loading += time.process_time() - started
        for mode in modes:
            try:
                yield from self._mode(name, bound[mode.shots], mode, limit)
            except Exception as error:  # noqa: BLE001
                yield recorder.failure(name, mode.name, error)

    def _bind(self, spec: Any) -> Any:
        from proctor.tasks.class_task import bind_task

        recorder.seed_everything()
        return bind_task(spec)

    def _mode(self, name: str, task: Any, mode: Any, limit: int | None) -> list[str]:
        from proctor.tasks.data import Selection
        from proctor.tasks.plan import plan_task
        from proctor.tasks.prompt import PromptStyle

        recorder.seed_everything()
        style = PromptStyle(recorder.render_chat if mode.chat else None, mode.multiturn, mode.system)
        started = time.process_time()
        plan = plan_task(task, selection=Selection(limit), seed=recorder.SEED, style=style)
        self.building += time.process_time() - started
        lines = []
        for planned in plan.documents:
            index = 0
            for request in planned.requests:
                for arguments in request.arguments:
                    about = (planned.example.doc_id, index, request.kind, arguments, planned.example.target)
                    lines.append(recorder.line(name, mode.name, *about, task.spec.repeats))
                    index += 1
        return lines


def main() -> int:
    """Dump the tasks named on standard input."""
    logging.getLogger("proctor").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--include_path", action="append", default=[])
    given, rest = parser.parse_known_args()
    options = recorder.parse(rest)
    recorder.stand_in_for_scorers()
    dump = Dump(given.include_path)
    with open(options.out, "w", encoding="utf-8") as file:
        for name in sys.stdin.read().split():
            for text in dump.task(name, [recorder.MODES[mode] for mode in options.modes], options.limit or None):
                file.write(text + "\n")
            file.flush()
    print(json.dumps({"loading": dump.loading, "building": dump.building}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
