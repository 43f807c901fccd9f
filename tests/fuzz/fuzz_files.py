"""Files and words that a user gives, broken in every way: task files, flags, settings, results, stored answers."""

from __future__ import annotations

import contextlib
import io
import json
import math
from pathlib import Path
from typing import Any

from fuzz_source import BENCHMARKS, PATTERNS, Source, sentences

_SEEDS: list[str] = []
KEYS = (
    "task", "group", "tag", "include", "task_alias", "dataset_path", "dataset_name", "dataset_kwargs", "test_split",
    "validation_split", "training_split", "fewshot_split", "fewshot_config", "output_type", "doc_to_text",
    "doc_to_target", "doc_to_choice", "process_docs", "process_results", "metric_list", "filter_list",
    "generation_kwargs", "num_fewshot", "repeats", "metadata", "description", "target_delimiter", "gen_prefix",
    "fewshot_delimiter", "aggregate_metric_list", "class", "use_prompt", "custom_dataset", "unsafe_code",
)  # fmt: skip


def task_files(source: Source, folder: Path) -> None:
    """A folder of task files, changed or made up: found, selected, checked, built and validated."""
    from proctor.run.progress import Quiet
    from proctor.tasks.index import build_index
    from proctor.tasks.select import select
    from proctor.tasks.suite import build_suite
    from proctor.validate import validate

    write_task_files(source, folder)
    with sentences():
        validate([], [str(folder)], with_data=False, progress=Quiet)
    with sentences():
        index = build_index([folder])
        for name in [entry.name for entry in index.entries.values() if str(entry.root) == str(folder.resolve())]:
            with sentences():
                build_suite(select(index, [name]).nodes, {"pretrained": "x"})
    for name in [*map(str, sorted(folder.glob("*.yaml"))), "x" + source.text()]:
        with sentences():
            select(build_index([]), [name])


def write_task_files(source: Source, folder: Path) -> None:
    """Up to three task files of odd content, and Python beside them."""
    (folder / "utils.py").write_text("def f(doc):\n    return str(doc)\n", encoding="utf-8")
    for number in range(1 + source.below(3)):
        file = folder / source.pick((f"t{number}.yaml", f"t{number}.yaml", "_base_yaml", "sub.yml"))
        kind = source.below(4)
        if kind == 0:
            file.write_bytes(source.raw(400))
        elif kind == 1:
            file.write_bytes(_made_up(source).encode("utf-8", "surrogatepass"))
        else:
            file.write_bytes(_changed(source, source.pick(seeds())).encode("utf-8", "surrogatepass"))


def seeds() -> list[str]:
    """Texts of real task files, of every kind that is bundled."""
    if not _SEEDS:
        files = sorted(BENCHMARKS.rglob("*.yaml"))[::17] + sorted(BENCHMARKS.rglob("_*"))[::3]
        _SEEDS.extend(file.read_text(encoding="utf-8") for file in files if file.is_file() and file.suffix != ".py")
    return _SEEDS


def _changed(source: Source, text: str) -> str:
    lines = text.splitlines()
    for _ in range(1 + source.below(5)):
        if not lines:
            break
        at, kind = source.below(len(lines)), source.below(8)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, source.pick(lines))
        elif kind == 2:
            key, colon, _ = lines[at].partition(":")
            lines[at] = f"{key}{colon} {_flow(source)}"
        elif kind == 3:
            lines[at] = f"{source.pick(KEYS)}: {_flow(source)}"
        elif kind == 4:
            place = source.below(len(lines[at]) + 1)
            lines[at] = lines[at][:place] + source.text() + lines[at][place:]
        elif kind == 5:
            lines[at] = " " * source.below(6) + lines[at].lstrip()
        elif kind == 6:
            lines.insert(at, f"include: {source.pick(('_base_yaml', 't0.yaml', 't1.yaml', '.', '/', '../x'))}")
        else:
            lines.append(f"{source.pick(KEYS)}: {_flow(source)}")
    return "\n".join(lines) + "\n"


def _made_up(source: Source) -> str:
    keys = [source.pick(KEYS) for _ in range(source.below(10))]
    return "\n".join([f"{source.pick(('task', 'group', 'task'))}: t", *(f"{key}: {_flow(source)}" for key in keys)])


def _flow(source: Source) -> str:
    """A YAML value on one line, or what looks like one."""
    kind = source.below(6)
    if kind == 0:
        return source.text()
    if kind == 1:
        ref = source.pick(
            ("utils.f", "utils.g", "nothing.f", "", ".", "utils", "a.b.c.d", "/x.y", "utils.\0", "utils.f()")
        )
        return f"!function {ref}"
    if kind == 2:
        return json.dumps(_entries(source), allow_nan=True, ensure_ascii=False)
    return json.dumps(source.value(), ensure_ascii=source.chance(2))


def _entries(source: Source) -> Any:
    """A list as metric_list, filter_list and the like have it, with odd values."""
    made: list[Any] = []
    for _ in range(source.below(3)):
        entry: dict[str, Any] = {}
        for key in ("metric", "aggregation", "higher_is_better", "name", "filter", "function", "regex_pattern", "task"):
            if source.chance(2):
                words = ("acc", "mean", "exact_match", "regex", "take_first", "f1", "t0", *PATTERNS[:4])
                entry[key] = source.pick((source.pick(words), source.value(2), [{"function": source.pick(words)}]))
        made.append(entry)
    return made


def values(source: Source, folder: Path) -> None:
    """What stands behind flags: model arguments, seeds, samples, limits, and whole command lines."""
    from proctor.cli.flags import add_run_flags
    from proctor.cli.values import SentenceParser
    from proctor.settings.config import build_config
    from proctor.settings.declarations import SETTINGS
    from proctor.settings.kwargs import parse_pairs, parse_tokens, split_pieces

    text = _pairs(source)
    for read in (parse_pairs, lambda one: parse_tokens([one, source.text()]), split_pieces):
        with contextlib.suppress(ValueError), sentences():
            read(text)
    given = {
        source.pick(tuple(SETTINGS)): source.pick((source.value(), _pairs(source))) for _ in range(1 + source.below(4))
    }
    with sentences():
        build_config(given, {source.pick(tuple(SETTINGS)): source.value()}, needs_tasks=source.chance(2))
    parser = SentenceParser(prog="proctor run")
    add_run_flags(parser)
    flags = [option for option in parser._option_string_actions if option.startswith("--") and option != "--help"]
    words = [word for _ in range(1 + source.below(3)) for word in (source.pick(flags), _pairs(source))]
    with sentences(), contextlib.redirect_stdout(io.StringIO()):
        namespace = parser.parse(words)
        build_config(vars(namespace))


def _pairs(source: Source) -> str:
    kind = source.below(4)
    if kind == 0:
        return source.text()
    if kind == 1:
        return json.dumps(source.value(), ensure_ascii=False)
    if kind == 2:
        return ",".join(f"{source.text()}={source.text()}" for _ in range(source.below(4)))
    return source.pick(
        (
            "-5",
            "0",
            "1e400",
            "nan",
            "1,2,3,4",
            "none,1",
            "9" * 5000,
            "0x10",
            "[" * 3000,
            "-" * 3000 + "1",
            "{'a':" * 500,
            "٣",
            "²",
            "1_0",
        )
    )


def config_file(source: Source, folder: Path) -> None:
    """The file of ``--config``."""
    from proctor.settings.config import build_config
    from proctor.settings.config_file import read_config_file
    from proctor.settings.declarations import SETTINGS

    file = folder / "config.yaml"
    if source.chance(3):
        file.write_bytes(source.raw(300))
    else:
        lines = [f"{source.pick((*SETTINGS, source.text()))}: {_flow(source)}" for _ in range(source.below(6))]
        file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    with sentences():
        read = read_config_file(file)
        build_config({}, read.values, places=read.places)


def env_file(source: Source, folder: Path) -> None:
    """The file of ``--env_file``: what comes out can be put into an environment."""
    from proctor.cli.environment import load_env_file

    lines = [f"{source.pick(('A', 'export B', 'C D', '', 'É'))}={source.text()}" for _ in range(source.below(5))]
    data = source.raw(100) if source.chance(4) else "\n".join(lines).encode("utf-8", "surrogatepass")
    file = folder / ".env"
    file.write_bytes(data)
    environment: dict[str, str] = {}
    with sentences():
        load_env_file(file, environment)
    for name, value in environment.items():
        assert "\0" not in name + value
        assert "=" not in name
        (name + value).encode("utf-8")


def results_files(source: Source, folder: Path) -> None:
    """Results files, whole, changed and torn, given to those who read them."""
    from proctor.api import open_results

    content = json.dumps({"results": source.value(), "configs": source.value(), "config": source.value()})
    kind = source.below(4)
    if kind == 0:
        data = source.raw(300)
    elif kind == 1:
        data = content[: source.below(len(content) + 1)].encode()
    elif kind == 2:
        data = source.pick(
            (b"[" * 100_000, b'{"results":' * 50_000, b"1" * 5000, b"\xff\xfe{}", b"{}", b"null", b'{"results": NaN}')
        )
    else:
        data = content.encode()
    file = folder / "results_x.json"
    file.write_bytes(data)
    with sentences():
        open_results(file)
    with sentences():
        open_results(source.pick((folder, folder / "none.json", "\0", folder / ("x" * 300))))


def stored_answers(source: Source, folder: Path) -> None:
    """Answers on their way into the store and back, and damaged ones."""
    from proctor.store.codec import join, pack, parts_of, unpack
    from proctor.store.keys import Keys
    from proctor.types import Generate, Loglikelihood, Scores, Text

    keys = Keys({"name": source.text()}, (1,))
    texts = tuple(source.text() for _ in range(1 + source.below(3)))
    asked = Loglikelihood(source.text(), texts)
    given = Scores(tuple((source.pick((-1.5, math.nan, -math.inf)), source.chance(2)) for _ in texts))
    written = Generate(source.text(), {source.text(): source.value()})
    for request, response in ((asked, given), (written, Text(source.text()))):
        found = keys.of(request)
        parts = parts_of(response)
        packed = [pack(key, part) for key, part in zip(found, parts, strict=bool(found))] if found else []
        if packed:
            back = join(request, [unpack(key, value) for key, value in zip(found, packed, strict=True)])
            assert repr(back) == repr(response)
            damaged = bytearray(packed[0])
            damaged[source.below(len(damaged))] ^= 1 + source.below(255)
            with contextlib.suppress(ValueError):
                assert unpack(found[0], bytes(damaged)) is None, "damage was not seen"


def answer_files(source: Source, folder: Path) -> None:
    """Exports of answers and stores, changed and torn, taken over into a store."""
    from proctor.store.admin import MARK, export, merge, opened, shelved
    from proctor.store.db import VERSION
    from proctor.store.runs import list_runs
    from proctor.store.store import open_store

    store, other = folder / "s.sqlite", folder / "o.sqlite"
    for path in (store, other):
        shelf = open_store(path)
        assert shelf is not None
        shelf.close()
    model = {"model": "ab" * 32, "name": source.text(), "identity": source.value(), "facts": source.value()}
    lines: list[Any] = [{MARK: source.pick((VERSION, 99, None))}, model]
    for _ in range(source.below(4)):
        lines.append(
            {
                "model": "ab" * 32,
                "key": source.raw(20).hex(),
                "answer": source.pick(([-1.0, True], "a", source.value())),
            }
        )
    for _ in range(source.below(3)):
        line = source.pick(lines)
        line[source.pick((*line, "key"))] = source.value()
    data = "\n".join(map(json.dumps, lines)).encode()
    if source.chance(3):
        data = data[: source.below(len(data) + 1)] + source.raw(30)
    exported = folder / "e.jsonl"
    exported.write_bytes(data)
    if source.chance(2):
        damaged = bytearray(other.read_bytes())
        for _ in range(1 + source.below(200)):
            damaged[source.below(len(damaged))] = source.byte()
        other.write_bytes(bytes(damaged))
    for file in (exported, other):
        with sentences(), opened(store, writable=True) as connection:
            merge(connection, file)
    for path in (store, other):
        with sentences(), opened(path) as connection:
            shelved(connection)
            list_runs(connection)
            for line in export(connection):
                json.loads(line)
