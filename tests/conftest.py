"""What every test may ask for: the shared data and models where they exist, and a quiet environment."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Modules that several rooms of tests share.
sys.path.insert(0, str(Path(__file__).parent / "helpers"))
pytest.register_assert_rewrite("task_folders", "dummy_runs", "response_store")

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")

# How long an example takes says more about the machine than about the code: no deadlines.
# In CI the examples are the same every time.
settings.register_profile(
    "proctor",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
)
settings.load_profile("proctor")

TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: test.jsonl}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: choices
doc_to_target: answer
"""

REPOSITORY = Path(__file__).resolve().parents[1]


def _shared(name: str) -> Path:
    """A folder of the shared test data beside the repository (``PROCTOR_SHARED`` points elsewhere)."""
    root = Path(os.environ.get("PROCTOR_SHARED") or REPOSITORY.parent / "shared")
    folder = root / name
    if not folder.is_dir():
        pytest.skip(f"the shared test data is not on this machine: {name}/ (set PROCTOR_SHARED to its folder)")
    return folder


@pytest.fixture(scope="session")
def shared_hub() -> Path:
    """A folder laid out like a hub: run with it as working directory, and data sets load by name."""
    return _shared("hub")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Small real checkpoints: ``llama-bos``, ``neox``, ``mistral-sp``, ``t5``."""
    return _shared("models")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def write_exam() -> Callable[..., Path]:
    """Writes a folder with a small exam: ``write_exam(folder, *names, documents=3, more="")``."""

    def write(folder: Path, *names: str, documents: int = 3, more: str = "") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        rows = [{"question": f"Q{n}", "choices": ["a", "b"], "answer": 1} for n in range(documents)]
        (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        for name in names:
            (folder / f"{name}.yaml").write_text(TASK.format(name=name) + more, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def write_tasks(tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder of tasks; ``rows`` become its test split, keywords its YAML and (``_py``) Python files."""
    from task_folders import ROWS, TEMPLATE

    def write(rows: list[dict[str, object]] | None = None, **files: str) -> Path:
        data = "".join(json.dumps(row) + "\n" for row in rows or ROWS)
        (tmp_path / "test.jsonl").write_text(data, encoding="utf-8")
        (tmp_path / "_template").write_text(TEMPLATE, encoding="utf-8")
        for name, text in files.items():
            suffix = "py" if name.endswith("_py") else "yaml"
            (tmp_path / f"{name.removesuffix('_py')}.{suffix}").write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(autouse=True)
def _clean_logger() -> Iterator[None]:
    """Give each test proctor's logger as it is before any command has set it up."""
    logger = logging.getLogger("proctor")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _own_garbage_collection() -> Iterator[None]:
    """Give each test Python's own garbage collection: the command as a process of its own sets other thresholds."""
    enabled, thresholds = gc.isenabled(), gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test gives as a secret is a word like any other to the next."""
    monkeypatch.setattr("proctor.secrets._given", set())


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's caches out of the tests, and of the fixtures that several tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCTOR_CACHE", str(tmp_path_factory.getbasetemp() / "proctor-cache"))
        # A test asks its model, whatever another test was told; tests of the store name one.
        patch.setenv("PROCTOR_STORE", "off")
        # Nor does it find an lm-eval that happens to be installed; tests of stock tasks bring one.
        patch.setenv("PROCTOR_STOCK_TASKS", "off")
        yield


@pytest.fixture
def stock_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """lm-eval's own tasks are looked for, in a cache folder of the test's own."""
    monkeypatch.delenv("PROCTOR_STOCK_TASKS")
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("proctor.tasks.stock._logged", set())
    monkeypatch.setattr("proctor.alias._ROOTS", [])


@pytest.fixture(autouse=True)
def _same_tokens() -> Iterator[None]:
    """Take away the second name of a token that a command within a test has set, as its process would end with it."""
    names = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    before = {name: os.environ.get(name) for name in names}
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
