"""What a user wants a new task to be: the values of the flags of ``proctor new``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias

from proctor.new.answers import Several
from proctor.new.columns import Chosen
from proctor.new.styles import Language, Style

StyleChoice: TypeAlias = Style | Literal["all"]


@dataclass(frozen=True, slots=True)
class NewTaskRequest:
    """What is wanted.

    Attributes:
        name: The task's name.
        source: A file, a folder, or ``hf:ORG/NAME[:CONFIG]``.
        chosen: Which columns, and how answers are read, as far as the user says.
        several: What several right options of one row mean.
        style: How documents are put to a model.
        language: That of the words around a question; None: that of the questions.
        encoding: What text files are in; None: decided by rule.
        sheet: The sheet of a workbook.
        shots: How many documents become few-shot examples, or a file of such; 0: none, also where the source has some.
        skip_bad: Whether rows that cannot be read are left out.
    """

    name: str
    source: str
    chosen: Chosen = field(default_factory=Chosen)
    several: Several | None = None
    style: StyleChoice = "letter"
    language: Language | None = None
    encoding: str | None = None
    sheet: str | None = None
    shots: int | str | None = None
    skip_bad: bool = False

    @property
    def columns(self) -> Chosen:
        """What the user says about columns: of a data set ``--split`` names a split and no column."""
        return replace(self.chosen, split=None) if self.source.startswith("hf:") else self.chosen

    def as_document(self) -> dict[str, Any]:
        """The values that are stored beside the data, so that ``--update`` reads the source in the same way."""
        given = asdict(self)
        chosen = {key: value for key, value in given.pop("chosen").items() if value not in (None, ())}
        # By identity: no few-shot examples are 0, which equals False.
        return {**{key: value for key, value in given.items() if value is not None and value is not False}, **chosen}


def request_of(values: Mapping[str, Any]) -> NewTaskRequest:
    """A request of stored or given values.

    Args:
        values: What :meth:`NewTaskRequest.as_document` gives, or flags; keys that are None count as not given.
    """
    given = {key: value for key, value in values.items() if value is not None}
    columns = {key: given.pop(key) for key in Chosen.__dataclass_fields__ if key in given}
    if "choices" in columns:
        columns["choices"] = tuple(columns["choices"])
    return NewTaskRequest(**given, chosen=Chosen(**columns))
