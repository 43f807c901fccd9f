"""The YAML file of ``--config``: its values, and the line on which each of them stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.encodings import UndecodableError, read_text
from proctor.errors import UsageError
from proctor.tasks.yaml_errors import UnusableYamlError
from proctor.tasks.yaml_limits import check_aliases
from proctor.tasks.yaml_parse import check_depth

if TYPE_CHECKING:
    from yaml import MappingNode


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a configuration file says. ``places``: ``file:line`` per key."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


EXAMPLE = "For example:\n    model: hf\n    model_args: {pretrained: gpt2}\n    tasks: [mmlu]"


def read_config_file(path: str | Path) -> ConfigFile:
    """Read a configuration file; what cannot be read is a UsageError with the line."""
    places: dict[str, str] = {}
    values = read_mapping(path, "configuration file", EXAMPLE, lambda node: places.update(_places(node, str(path))))
    return ConfigFile({str(key): value for key, value in values.items()}, places)


def read_mapping(path: str | Path, what: str, example: str, look: Callable[[MappingNode], None]) -> Mapping[Any, Any]:
    """Read a YAML or JSON file of names and values.

    Args:
        path: The file.
        what: What it is, for sentences.
        example: What it may look like, for whoever has something else in it.
        look: Called with the composed file, before values are made: those have no lines any more.

    Raises:
        UsageError: It cannot be read, or is no mapping.
    """
    import yaml

    try:
        written = read_text(path)
    except FileNotFoundError:
        raise UsageError(f"There is no {what} {path}.", hint=f"Looked in {Path.cwd()}.") from None
    except OSError as error:
        raise UsageError(f"The {what} {path} cannot be read: {error.strerror}.") from None
    except UndecodableError as error:
        message = f"The {what} {path}, line {error.line}, cannot be read: it {error.reason}."
        raise UsageError(message, hint="Save it as UTF-8.") from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(written)
    try:
        check_depth(written.encode("utf-8"))
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise UsageError(
                f"{path}: a {what} holds 'name: value' lines; this one holds "
                f"{'nothing' if node is None else 'something else'}.",
                hint=example,
            )
        # From the composed node: constructed values have no lines, and of a key that is there twice only one is left.
        look(node)
        check_aliases(node)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise UsageError(f"{where}: this is not valid YAML: {error.problem or error}.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: this is not valid YAML: {error}.") from None
    except UnusableYamlError as error:
        raise UsageError(f"{path}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # What PyYAML raises of values that look like a date or a number and are none.
        raise UsageError(f"{path}: a value is not valid YAML: {error}.") from None
    finally:
        loader.dispose()


def _places(node: MappingNode, file: str) -> dict[str, str]:
    """Where each key stands. A key that is there twice would silently lose its first value."""
    places: dict[str, str] = {}
    for key, _ in node.value:
        place = f"{file}:{key.start_mark.line + 1}"
        if not isinstance(key.value, str):
            raise UsageError(f"{place}: the name of a setting is a word, not a {key.id}.")
        if key.value in places:
            raise UsageError(f"{place}: '{key.value}' is there twice (first at {places[key.value]}).")
        places[key.value] = place
    return places
