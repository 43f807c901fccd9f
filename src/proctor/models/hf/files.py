"""Which files a model is made of, and what stands for them: a digest of their content, or a commit of the hub.

By exclusion: of a folder, every file counts that is not in :data:`NO_MATTER` (``docs/store.md`` has the
list), whatever transformers reads of it today, so that no format and no index can be forgotten. Beyond the
folder's own level count what files there refer to: shards of an index, modules of custom code, the base
model of an adapter. The invariant: two folders with the same digest load the same model.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from proctor.files import LARGEST_DOCUMENT, read_text
from proctor.models.digest import digest_files

NO_MATTER = (
    *(".*", "*.md", "LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "*.png", "*.jpg", "*.jpeg", "*.gif", "*.svg"),
    *("*.pdf", "*.ipynb", "*.log", "*.lock", "*.html", "*.sh", "chat_template*"),
    *("optimizer*", "scheduler.pt", "scaler.pt", "rng_state*", "trainer_state.json", "training_args.bin"),
    *("events.out.*", "all_results.json", "eval_results.json", "train_results.json", "results_*.json", "samples_*"),
    *("*.onnx", "*.ot", "*.tflite", "*.mlmodel", "*.gguf"),
)
"""Names of files that change nothing of what a model answers. A GGUF file counts where gguf_file names it."""

OTHER_FRAMEWORKS = ("*.h5", "*.msgpack")
"""Weights that are read with from_tf or from_flax only."""

WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.gguf", "*.index.json")
"""Weights, and what says where they are: a tokenizer reads none of them."""

OWN_DIGESTS = ("config.json", "generation_config.json")
"""Files that stand in an identity under names of their own."""

OF_A_FILE = frozenset(
    {
        *("_name_or_path", "name_or_path", "transformers_version", "_commit_hash", "base_model_name_or_path"),
        *("chat_template", "peft_version", "tokenizer_file", "special_tokens_map_file"),
    }
)
"""What a file of settings says of itself, of its way here, or of prompts."""

SETTINGS = (
    *("config.json", "generation_config.json", "adapter_config.json", "tokenizer_config.json"),
    *("quantize_config.json", "special_tokens_map.json"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of a model comes from: a folder, or a name on the hub with its revision and cache.

    ``trusted``: its own code runs, which may read whatever lies beside it; ``code_revision``: that of code in
    other repositories. ``formats``: whether weights of other frameworks are read.
    """

    source: str
    subfolder: str = ""
    revision: str | None = "main"
    cache: str | None = None
    trusted: bool = False
    code_revision: str | None = None
    formats: bool = False

    @property
    def folder(self) -> Path | None:
        """The folder; None for a name on the hub."""
        root = Path(self.source).expanduser()
        return (root / self.subfolder if self.subfolder else root) if root.is_dir() else None


def model_digest(origin: Origin, gguf_file: str | None) -> str:
    """What stands for the weights and the code of a folder; see :func:`settings_digest` for its config."""
    folder = _folder_of(origin)
    files = [file for file in _relevant(origin, folder) if file.name not in OWN_DIGESTS]
    if gguf_file:
        files.append(folder / gguf_file)
    elsewhere = [*_bases(origin, folder), *_named_by_adapter(origin, folder)]
    return digest_of([_file_digests(folder, files), elsewhere, _code_elsewhere(origin, folder)])


def tokenizer_files_digest(origin: Origin) -> str:
    """What stands for the files that a tokenizer is made of; of a name on the hub its commit."""
    folder = origin.folder
    if folder is None:
        return cached_commit(origin, "tokenizer_config.json", "tokenizer.json", "config.json")
    files = [
        file
        for file in _relevant(origin, folder)
        if file.name != "generation_config.json" and not _is_one_of(file.name, WEIGHTS)
    ]
    return digest_of([_file_digests(folder, files), _code_elsewhere(origin, folder)])


def settings_digest(folder: Path | None, name: str) -> str | None:
    """What a file of a folder says; with a model of the hub it belongs to the commit."""
    file = None if folder is None else folder / name
    return _settings(file) if file is not None and file.is_file() else None


def outside_code(origin: Origin, auto_map: Any) -> list[tuple[str, str]]:
    """The repositories other than its own whose code a config names, each with what stands for it."""
    references = {
        reference
        for entry in (auto_map or {}).values()
        for reference in (entry if isinstance(entry, list | tuple) else [entry])
        if isinstance(reference, str) and "--" in reference
    }
    return [(reference, _code_of(origin, *reference.split("--", 1))) for reference in sorted(references)]


def cached_commit(origin: Origin, *files: str) -> str:
    """The commit of a name on the hub: asked of the local cache, then of the hub. Raises ValueError."""
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    name = origin.source
    for file in files:
        path = try_to_load_from_cache(name, file, cache_dir=origin.cache, revision=origin.revision)
        if isinstance(path, str) and (commit := _snapshot_of(Path(path))):
            return commit
    try:
        commit = HfApi().model_info(name, revision=origin.revision, timeout=10).sha
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError) as error:
        raise ValueError(f"the commit of '{name}' is not known: {error}") from error
    if not commit:
        raise ValueError(f"the commit of '{name}' is not known")
    return commit


def digest_of(value: Any) -> str:
    """The digest of a JSON-like value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()


# -- the files of a folder


def _folder_of(origin: Origin) -> Path:
    folder = origin.folder
    if folder is None:
        raise ValueError(f"'{origin.source}' is no folder")
    return folder


def _relevant(origin: Origin, folder: Path) -> list[Path]:
    unread = NO_MATTER if origin.formats else (*NO_MATTER, *OTHER_FRAMEWORKS)
    files = [file for file in folder.iterdir() if file.is_file() and not _is_unread(file.name, unread)]
    below = [file for file in _below(folder) if not _is_unread(file.name, unread)] if origin.trusted else []
    return sorted({*files, *below, *_shards(folder, files)})


def _below(folder: Path, suffix: str = "") -> Iterator[Path]:
    """Files in a folder and in those below it, hidden ones and what Python caches left out."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        yield from (Path(root, name) for name in names if name.endswith(suffix) and Path(root, name).is_file())


def _shards(folder: Path, files: Iterable[Path]) -> Iterator[Path]:
    """What an index, or a config with ``transformers_weights``, refers to, wherever that lies."""
    for file in files:
        if not file.name.endswith((".index.json", "config.json")):
            continue
        content = _read(file)
        named = {*(content.get("weight_map") or {}).values(), content.get("transformers_weights")}
        for name in named - {None}:
            shard = folder / str(name)
            if shard.is_file():
                yield shard


def _is_unread(name: str, unread: Iterable[str]) -> bool:
    """Code always counts: a model may import ``optimizer_utils.py`` whatever other files are named so."""
    return not name.endswith(".py") and _is_one_of(name, unread)


def _is_one_of(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _file_digests(folder: Path, files: Iterable[Path]) -> list[list[str]]:
    """Each file's name below its folder with a digest; settings count by what they say."""
    settings = [file for file in files if file.name in SETTINGS]
    others = sorted(set(files) - set(settings))
    rows = [[_name(folder, file), digest] for file, digest in zip(others, digest_files(others), strict=True)]
    return sorted([*rows, *([_name(folder, file), _settings(file)] for file in settings)], key=str)


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def _settings(file: Path) -> str:
    return digest_of(_facts(json.loads(read_text(file, largest=LARGEST_DOCUMENT))))


def _facts(settings: Any) -> Any:
    """Settings without what a file says of itself."""
    if isinstance(settings, Mapping):
        return {key: _facts(value) for key, value in settings.items() if key not in OF_A_FILE}
    return [_facts(value) for value in settings] if isinstance(settings, list) else settings


def _read(file: Path) -> Mapping[str, Any]:
    content = json.loads(read_text(file, largest=LARGEST_DOCUMENT))
    return content if isinstance(content, Mapping) else {}


# -- what lies elsewhere


def _bases(origin: Origin, folder: Path) -> list[str]:
    """The base model of an adapter, which transformers loads where a folder is one."""
    file = folder / "adapter_config.json"
    base = _read(file).get("base_model_name_or_path") if file.is_file() else None
    if not base:
        return []
    of_base = Origin(str(base), revision=_read(file).get("revision"), cache=origin.cache)
    if of_base.folder is None:
        return [cached_commit(of_base, "config.json")]
    # A base that is an adapter of itself would never end.
    return [] if of_base.folder.samefile(folder) else [model_digest(of_base, None)]


def _named_by_adapter(origin: Origin, folder: Path) -> list[str]:
    """What an adapter's settings name beside its base: adapters that X-LoRA mixes, files of initial weights."""
    file = folder / "adapter_config.json"
    settings = dict(_read(file)) if file.is_file() else {}
    settings.pop("base_model_name_or_path", None)
    digests = [digest for text in sorted(_texts(settings)) for digest in _digest_of_named(folder, text)]
    if str(settings.get("peft_type")).upper() == "XLORA":
        names = sorted(name for name in _texts(settings.get("adapters")) if not Path(name).is_dir())
        digests += [cached_commit(Origin(name, cache=origin.cache), "adapter_config.json") for name in names]
    return digests


def _texts(value: Any) -> set[str]:
    """Every text among the values of settings that may be a path."""
    if isinstance(value, Mapping):
        return {text for item in value.values() for text in _texts(item)}
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) and 0 < len(value) < 256 else set()


def _digest_of_named(folder: Path, text: str) -> Iterator[str]:
    """What stands for the adapter or file that a text names, from here or from its folder."""
    for named in (Path(text), folder / text):
        if (named / "adapter_config.json").is_file() and not named.samefile(folder):
            yield digest_of(_file_digests(named, _relevant(Origin(str(named)), named)))
        elif named.is_file():
            yield from digest_files([named])


def _code_elsewhere(origin: Origin, folder: Path) -> list[tuple[str, str]]:
    """Custom code of other folders and repositories, as ``auto_map`` names it: ``OTHER--module.Class``."""
    code: dict[str, str] = {}
    for name in ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json"):
        file = folder / name
        if file.is_file():
            code.update(outside_code(origin, _read(file).get("auto_map")))
    return sorted(code.items())


def _code_of(origin: Origin, name: str, reference: str) -> str:
    other = Origin(name, revision=origin.code_revision, cache=origin.cache)
    if other.folder is None:
        return cached_commit(other, f"{reference.partition('.')[0]}.py", "config.json")
    return digest_of(_file_digests(other.folder, list(_below(other.folder, ".py"))))


def _snapshot_of(file: Path) -> str | None:
    """The commit in ``.../snapshots/COMMIT/...``."""
    parts = file.parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts[:-2] else None
