"""Loading fails in many ways; each becomes a sentence with its remedy, and no secret gets into it."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from proctor.errors import ModelError, ProctorError, error_text
from proctor.files import LARGEST_DOCUMENT, not_a_file, read_text
from proctor.foreign import ForeignExitError, no_exit
from proctor.hub_access import offline_if_unresolved
from proctor.models.hf.arguments import HfArguments, unknown_key
from proctor.secrets import note, redact_text

log = logging.getLogger("proctor")

_T = TypeVar("_T")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what caused it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


@contextmanager
def as_sentences(what: str, source: str, arguments: HfArguments, taker: str = "from_pretrained") -> Iterator[None]:
    """Turn whatever loading ``what`` from ``source`` raises into a :class:`ProctorError`, at once without a network."""
    try:
        with no_exit(), offline_if_unresolved(source):
            yield
    except ProctorError:
        raise
    except ForeignExitError as error:
        raise ModelError(f"The {what} of '{source}' cannot be loaded: its code {error}.") from error
    except ModuleNotFoundError as error:
        raise ModelError(
            f"Loading the {what} of '{source}' needs the package '{error.name}', which is not installed.",
            hint=f"Install it with: pip install {error.name}",
        ) from error
    except Exception as error:
        raise _sentence(error, what, source, arguments, taker) from error


def in_sentences(source: str, responses: Iterator[_T]) -> Iterator[_T]:
    """The responses of a model; what breaks it on the way (its own code, a device) becomes a sentence."""
    try:
        with no_exit():
            yield from responses
    except ProctorError:
        raise
    except ForeignExitError as error:
        raise ModelError(f"The model '{source}' failed while it responded: its code {error}.") from error
    except Exception as error:
        log.debug("Where it failed:", exc_info=True)
        what = redact_text(_first_lines(error_text(error)))
        raise ModelError(
            f"The model '{source}' failed while it responded: {type(error).__name__}{f': {what}' if what else ''}",
            hint="LMEVAL_LOG_LEVEL=DEBUG shows where.",
        ) from error


def _sentence(error: Exception, what: str, source: str, arguments: HfArguments, taker: str) -> ProctorError:
    note(arguments.extra)
    text = redact_text(error_text(error).strip())
    names = {type(item).__name__ for item in chain(error)}
    unexpected = re.search(r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'", text)
    if isinstance(error, TypeError) and unexpected and unexpected[2] in arguments.extra:
        return unknown_key(unexpected[2], unexpected[1] if unexpected[1] != "__init__" else taker)
    return (
        _hub_sentence(names, text, what, source, arguments)
        or _content_sentence(names, text, what, source)
        or ModelError(f"The {what} of '{source}' cannot be loaded: {_first_lines(text) or type(error).__name__}")
    )


def _hub_sentence(names: set[str], text: str, what: str, source: str, arguments: HfArguments) -> ModelError | None:
    if "GatedRepoError" in names or "gated repo" in text:
        return ModelError(
            f"'{source}' is gated: its owner wants you to accept terms first.",
            hint=f"Accept them on https://huggingface.co/{source}, then set HF_TOKEN to a token of the same account.",
        )
    if "RevisionNotFoundError" in names:
        return ModelError(
            f"'{source}' has no revision '{arguments.revision}'.", hint="Check revision= in --model_args."
        )
    if "RepositoryNotFoundError" in names or "is not a valid model identifier" in text:
        return ModelError(
            f"'{source}' is neither a folder here nor a model on the Hugging Face Hub that you may read.",
            hint="Check the spelling; if the repository is private, set HF_TOKEN.",
        )
    if "HFValidationError" in names:
        return ModelError(
            f"There is no folder '{source}', and that is not a name on the Hugging Face Hub either.",
            hint="A Hub name looks like 'owner/model'; a folder must exist.",
        )
    offline = {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectError", "ConnectionError", "ConnectTimeout"}
    if offline & names or "couldn't connect to" in text:
        return ModelError(
            f"The {what} of '{source}' is not on this machine, and the Hugging Face Hub cannot be reached.",
            hint="Check the name and the network (and HF_HUB_OFFLINE), or give the path of a downloaded folder.",
        )
    return None


def _content_sentence(names: set[str], text: str, what: str, source: str) -> ModelError | None:
    if "trust_remote_code" in text:
        return ModelError(
            f"'{source}' brings its own Python code, which is not run unasked.",
            hint="If you trust it, add trust_remote_code=True to --model_args.",
        )
    if "no file named" in text and "safetensors" in text:
        return ModelError(
            f"'{source}' holds no weights (no *.safetensors and no pytorch_model.bin).",
            hint="Was the download complete? For an adapter alone use pretrained=BASE,peft=ADAPTER.",
        )
    if "SafetensorError" in names or "UnpicklingError" in names:
        return ModelError(f"The weights in '{source}' are damaged: {_first_lines(text)}", hint="Download them again.")
    if "does not recognize this architecture" in text:
        return ModelError(
            f"This version of transformers does not know the architecture of '{source}'.",
            hint="Update it with: pip install --upgrade transformers",
        )
    if what == "tokenizer" and (wrong := _malformed_chat_template(source)) is not None:
        return ModelError(
            f"The tokenizer of '{source}' cannot be loaded: {wrong}.",
            hint="Mend chat_template in its tokenizer_config.json: a text, or a list of {name: ..., template: ...}.",
        )
    if what == "tokenizer" and ("backend tokenizer" in text or "no file" in text.lower()):
        return no_tokenizer(source)
    return None


def no_tokenizer(source: str) -> ModelError:
    """The error for a model without a tokenizer, whether transformers says so or makes one of nothing."""
    return ModelError(
        f"'{source}' holds no tokenizer that can be loaded.",
        hint="Name another: --model_args tokenizer=NAME_OR_FOLDER (or install sentencepiece or tiktoken).",
    )


def _malformed_chat_template(source: str) -> str | None:
    """What is wrong with the shape of a folder's ``chat_template``; None: nothing, or it cannot be read."""
    try:
        settings = json.loads(read_text(os.path.join(source, "tokenizer_config.json")))
    except (OSError, ValueError):
        return None
    entries = settings.get("chat_template") if isinstance(settings, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            return f"its chat_template is a list that holds {entry!r:.60}"
        if absent := {"name", "template"} - entry.keys():
            return f"an entry of its chat_template lacks {' and '.join(map(repr, sorted(absent)))}"
    return None


def _first_lines(text: str, limit: int = 300) -> str:
    short = " ".join(text.split())
    return short if len(short) <= limit else short[: limit - 1] + "…"


def check_folder(source: str, subfolder: str, *, weights: bool, gguf_file: str | None = None) -> None:
    """Say at once what a local folder lacks; names on the Hub pass."""
    path = Path(source).expanduser()
    looks_local = source.startswith((".", "/", "~")) or source.count("/") > 1 or "\\" in source
    if not os.path.exists(path):
        if looks_local:
            raise ModelError(f"There is no folder '{source}'.", hint="Check pretrained= in --model_args.")
        return
    if not path.is_dir():
        is_part = path.suffix == ".gguf" or (path.parent / "config.json").is_file()
        part = f",gguf_file={path.name}" if path.suffix == ".gguf" else ""
        raise ModelError(
            f"'{source}' is a file; pretrained= wants the folder that holds the model.",
            hint=f"Try pretrained={path.parent}{part}" if is_part else "Check pretrained= in --model_args.",
        )
    folder = path / subfolder if subfolder else path
    _refuse_special_files(folder)
    if gguf_file is not None:
        if not (folder / gguf_file).is_file():
            raise ModelError(f"There is no file '{gguf_file}' in '{folder}'.", hint="Check gguf_file=.")
        return
    if not (folder / "config.json").is_file():
        adapter = (folder / "adapter_config.json").is_file()
        hint = "It is an adapter: use pretrained=BASE,peft=THIS." if adapter else "Is it a transformers checkpoint?"
        raise ModelError(f"'{folder}' holds no model: there is no config.json in it.", hint=hint)
    if weights and not any(any(folder.glob(kind)) for kind in ("*.safetensors", "*.bin", "*.index.json")):
        raise ModelError(
            f"'{folder}' holds no weights (no *.safetensors and no pytorch_model.bin).",
            hint="Was the download complete? For an adapter alone use pretrained=BASE,peft=ADAPTER.",
        )


_TEXTS = (".json", ".jinja", ".txt", ".py", ".model")


def _refuse_special_files(folder: Path) -> None:
    """Refuse a pipe or a device among a checkpoint's files, and settings of gigabytes: to read them never ends."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise ModelError(f"The folder '{folder}' cannot be read: {error.strerror}.") from error
    for entry in entries:
        kind = None if entry.is_dir() else not_a_file(entry.path)
        if kind is not None:
            raise ModelError(f"'{entry.path}' is {kind}, not a file.", hint="A checkpoint holds regular files only.")
        if entry.name.endswith(_TEXTS) and entry.is_file() and entry.stat().st_size > LARGEST_DOCUMENT:
            raise ModelError(
                f"'{entry.path}' holds {entry.stat().st_size / 1e9:.1f} GB: more than a tokenizer or settings can."
            )
