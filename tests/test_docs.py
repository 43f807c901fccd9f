"""What the documentation says exists: flags, verbs, files, tasks, keys; and its exam runs.

Blocks marked ``bash`` hold proctor's commands; ``title=FILE`` makes a block a file of the exam
that docs/tasks.md builds. Blocks marked ``sh`` are for the shell and are not looked into.
"""

from __future__ import annotations

import importlib
import json
import re
import shlex
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from proctor.cli.main import SUBCOMMANDS, main
from proctor.cli.values import SentenceParser
from proctor.filters.table import FILTERS
from proctor.metrics.tables import AGGREGATIONS, METRICS
from proctor.tasks import check
from proctor.tasks.index import build_index
from proctor.tasks.select import select

ROOT = Path(__file__).resolve().parents[1]
ALONE = ("README.md", "README.ko.md", "CONTRIBUTING.md", "CONTRIBUTING.ko.md")
EXAMPLES = sorted((ROOT / "examples").glob("*/README.md"))
PAGES = [*(ROOT / name for name in ALONE), *sorted((ROOT / "docs").glob("*.md")), *EXAMPLES]
COMMANDS = ("proctor", "lm_eval", ".venv/bin/proctor")
LAUNCHERS = ("torchrun", "accelerate", "srun", "mpirun")
"""Programs that start proctor, with flags of their own."""
FENCE = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ABSENT = ("~/", "./my_exam", "/models/")  # Places of the reader's own.
COPIES = {"my_mmlu": "examples/custom_mmlu"}


@dataclass(frozen=True)
class Block:
    page: str
    language: str
    title: str | None
    text: str


def blocks(page):
    return [Block(page.name, *found) for found in FENCE.findall(page.read_text(encoding="utf-8"))]


ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]


def commands():
    for block in ALL_BLOCKS:
        if block.language == "bash":
            for line in block.text.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    yield pytest.param(words, id=f"{block.page}: {' '.join(words)[:60]}")


def parser_of(verb):
    parser = SentenceParser(prog=verb)
    importlib.import_module(f"proctor.cli.{verb}").add_flags(parser)
    return parser


def flags_of(verb):
    return {flag for action in parser_of(verb)._actions for flag in action.option_strings}


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    """The files of docs/tasks.md, in a folder named exam."""
    folder = tmp_path_factory.mktemp("documentation") / "exam"
    folder.mkdir()
    for block in blocks(ROOT / "docs" / "tasks.md"):
        if block.title:
            (folder / block.title).write_text(block.text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("words", list(commands()))
def test_every_command_is_understood_and_names_tasks_that_exist(words, exam, monkeypatch):
    assert words[0] in COMMANDS, "only proctor's commands stand in bash blocks; mark others sh"
    verb, rest = ("run", words[1:]) if words[1].startswith("-") else (words[1], words[2:])
    assert verb in SUBCOMMANDS
    given = vars(parser_of(verb).parse(rest))
    folders = [
        ROOT / COPIES.get(folder, folder) for folder in given.get("include_path") or () if not folder.startswith(ABSENT)
    ]
    assert all(folder.is_dir() for folder in folders)
    named = [task for task in given.get("tasks") or () if not task.startswith(ABSENT) and task != "list"]
    monkeypatch.chdir(exam.parent)
    if any(task != task.upper() for task in named):
        assert select(build_index(folders), named).leaves()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in slugs, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_flags_and_files_in_the_text_exist(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    known = set().union(*(flags_of(verb) for verb in SUBCOMMANDS)) | {"--help", "--version", "--flag"}
    for code in re.findall(r"`([^`\n]+)`", text):
        if code.split()[0] in LAUNCHERS:
            continue
        script = ROOT / code.split()[0]
        if script.suffix == ".py" and script.is_file():
            assert all(word in script.read_text(encoding="utf-8") for word in code.split() if word.startswith("--"))
            continue
        for flag in re.findall(r"(?<![\w-])--\w[\w-]*", code):
            # lm-eval's flags may be shortened: --task.
            spelled = f"--{flag[2:].replace('-', '_')}"  # and have hyphens: --batch-size
            assert any(option.startswith(spelled) for option in known), f"{page.name}: {flag}"
        for path in re.findall(r"^(?:src|docs|examples|tools|tests|bench)/[\w./-]+$", code):
            assert (ROOT / path).exists(), f"{page.name}: {path}"


@pytest.mark.parametrize("verb", sorted({*SUBCOMMANDS} - {"doctor", "compat"}))
def test_every_flag_is_documented(verb):
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"--[a-z0-9_]+", page))
    wanted = {flag for flag in flags_of(verb) if flag.startswith("--")} - {"--help", "--n"}
    assert wanted <= documented, sorted(wanted - documented)


def test_short_flags_are_those_of_run():
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for long, short in re.findall(r"^\| `(--\w+)` \| `(-\w)` \|", page, re.MULTILINE):
        action = next(action for action in parser_of("run")._actions if long in action.option_strings)
        assert short in action.option_strings


def test_every_key_of_the_task_language_is_documented():
    page = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
    code = set(re.findall(r"[\w+]+", " ".join(re.findall(r"`([^`\n]+)`", page))))
    keys = {*check.TASK_KEYS, *check.FEWSHOT_KEYS, *check.GROUP_KEYS, *check.AGGREGATE_KEYS}
    names = {name for table in (METRICS, AGGREGATIONS, FILTERS) for name in table} - {"acc_all", "decontaminate"}
    assert keys | names <= code | set(re.findall(r"^\s*-?\s*(\w+):", page, re.MULTILINE))


def test_every_model_argument_is_documented():
    arguments = importlib.import_module("proctor.models.hf.arguments")
    code = set(re.findall(r"\w+", (ROOT / "docs" / "models.md").read_text(encoding="utf-8")))
    names = {item.name for item in fields(arguments.HfArguments)} | set(arguments.RUN_KEYS)
    assert names - {"extra"} <= code


def test_the_exam_has_no_error_and_runs(exam, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(exam.parent)
    assert main(["validate", "--tasks", "./exam"]) == 0, capsys.readouterr().out
    assert main(["run", "--model", "dummy", "--tasks", "./exam", "--output_path", str(tmp_path)]) == 0
    (file,) = tmp_path.rglob("results_*.json")
    results = json.loads(file.read_text(encoding="utf-8"))["results"]
    assert set(results) == {
        *("geography", "geography::variants", "capitals", "capitals_lettered", "capitals_marks", "capitals_shots"),
        *("sums", "last_word", "pages", "gaps"),
    }
    assert {"exact_match,strict", "exact_match,last-number"} <= set(results["sums"])


def test_the_configuration_file_is_one(tmp_path):
    from proctor.settings.config import build_config
    from proctor.settings.config_file import read_config_file

    block, *others = [block for block in ALL_BLOCKS if block.title == "run.yaml"]
    assert all(other.text == block.text for other in others)
    (tmp_path / "run.yaml").write_text(block.text, encoding="utf-8")
    config = build_config({}, read_config_file(str(tmp_path / "run.yaml")).values)
    assert config.tasks == ("hellaswag", "arc_easy")


@pytest.mark.parametrize(
    "block", [block for block in ALL_BLOCKS if block.language == "python"], ids=lambda block: block.page
)
def test_python_compiles_and_uses_what_there_is(block):
    import proctor

    compile(block.text, block.page, "exec")
    assert all(hasattr(proctor, name) for name in re.findall(r"proctor\.(\w+)\(", block.text))


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "README.md"]
    assert [page for page in pages if f"]({page})" not in index] == []


def test_the_korean_index_names_every_page_in_korean_if_it_is_there():
    folder = ROOT / "docs"
    index = (folder / "README.ko.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("*.md")} - {"README.md", "README.ko.md"}
    pages -= {name.replace(".ko.md", ".md") for name in pages if name.endswith(".ko.md")}
    assert [name for name in sorted(pages) if f"]({name})" not in index] == []


KOREAN = [ROOT / "CONTRIBUTING.ko.md", *sorted((ROOT / "docs").glob("*.ko.md"))]


def cells(page):
    """The first cell of every row of every table that is nothing but code: the same in every language."""
    rows = re.findall(r"^\| ([^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [row.strip() for row in rows if re.fullmatch(r"`[^`]+`(, `[^`]+`)*", row.strip())]


@pytest.mark.parametrize("page", KOREAN, ids=lambda page: page.name)
def test_a_korean_page_and_its_original_lead_to_each_other_and_say_the_same(page):
    original = page.with_name(page.name.replace(".ko.md", ".md"))
    assert f"[English]({original.name})" in page.read_text(encoding="utf-8")
    assert f"[한국어]({page.name})" in original.read_text(encoding="utf-8")
    code = ("python", "yaml", "jsonl", "json")
    titled = [[(one.title, one.text) for one in blocks(file) if one.language in code] for file in (page, original)]
    assert titled[0] == titled[1]
    assert cells(page) == cells(original)


def test_what_a_korean_reader_needs_first_is_there_in_korean():
    wanted = {"quickstart", "tasks", "validate", "results", "command-line"}
    assert wanted <= {page.name.removesuffix(".ko.md") for page in KOREAN}
    readme = (ROOT / "README.ko.md").read_text(encoding="utf-8")
    for word in ("나누지 않은", "나만의 시험", "마지막 비트", "만나는 자리", "플래그", "분의 1", "외부망"):
        assert word not in readme


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CONTRIBUTING.ko.md"])
def test_the_map_has_every_room_on_its_floor_and_the_glossary_is_short(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    floors: list[set[str]] = []
    for number, rooms in re.findall(r"^\| (\d*) ?\| ((?:`\w+`(?:, )?)+) \|", text, re.MULTILINE):
        floors += [set()] if number else []
        floors[-1] |= set(re.findall(r"\w+", rooms))
    assert floors == [set(re.findall(r"\w+", layer)) for layer in layers]
    heading = re.search(r"^## (?:Words|용어)$(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    assert heading
    assert len(re.findall(r"^\| ", heading[1], re.MULTILINE)) <= 41


@pytest.mark.parametrize("page", ["README.md", "README.ko.md", "docs/quickstart.md", "docs/quickstart.ko.md"])
def test_the_environment_is_activated_before_its_commands_are_used(page):
    lines = [line for one in blocks(ROOT / page) if one.language in ("sh", "bash") for line in one.text.splitlines()]
    first = next(number for number, line in enumerate(lines) if line.startswith(("proctor ", "lm_eval ")))
    assert any(line.startswith("source .venv/bin/activate") for line in lines[:first])


def test_the_example_of_an_env_file_has_a_line_for_the_token():
    text = (ROOT / "examples" / "custom_mmlu" / ".env.example").read_text(encoding="utf-8")
    assert "HF_TOKEN=" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_blank_line_breaks_a_table(page):
    """A row behind a blank line begins a table of its own, so the line below it is one of hyphens."""
    lines = [*re.sub(FENCE, "", page.read_text(encoding="utf-8")).splitlines(), ""]
    first = [n for n, line in enumerate(lines) if line.startswith("|") and not (n and lines[n - 1].startswith("|"))]
    assert [lines[n] for n in first if not set(lines[n + 1]) & {"-"} or set(lines[n + 1]) - set("|-: ")] == []
