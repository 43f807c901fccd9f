"""What the server says in JSON: to its own pages, and to scripts."""

# Each route is a function of the request's query; ``docs/view.md`` describes them. Runs are named by their addresses,
# never by paths. While files are being read for the first time (or again), answers are of those that have been, and
# ``reading`` is how many are not yet.

from __future__ import annotations

import base64
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proctor.errors import UsageError
from proctor.html_report.cells import NONE
from proctor.plurals import counted
from proctor.results.open_runs import Unread
from proctor.results.run_date import iso_stamp
from proctor.results.stored_run import StoredRun
from proctor.view.annotations import Annotations
from proctor.view.catalog import Catalog, Entry
from proctor.view.index_file import IndexFile
from proctor.view.indexing import Indexer
from proctor.view.question_set import LINE, QuestionSet, lines, matching, question_set, version_of
from proctor.view.row_query import (
    MOST,
    IndexedFile,
    RowFilter,
    files_of,
    row_page,
    with_other,
    words_of_search,
)
from proctor.view.run_facts import run_facts
from proctor.view.stored_sample import QuestionAddress, stored_question

Query = Mapping[str, list[str]]
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_IDS = "/api/runs has the ids of all runs."
_QUESTION = "A question is named by run=, task= and id=, its number."
_MOST_SETS = 4
"""Versions of pages that are kept; a hundred thousand questions have 2 MB."""


class Api:
    """The routes.

    Args:
        catalog: The runs.
        index: Their samples.
        indexer: Reads what the index lacks.
    """

    def __init__(self, catalog: Catalog, index: IndexFile, indexer: Indexer) -> None:
        self.catalog, self.index, self.indexer = catalog, index, indexer
        self.annotations = Annotations(catalog.paths, index.path)
        self._sets: OrderedDict[tuple[str, ...], QuestionSet] = OrderedDict()
        self._making = threading.Lock()
        self.routes: Mapping[str, Callable[[Query], Any]] = {
            "/api/runs": self.runs,
            "/api/tasks": self.tasks,
            "/api/rows": self.rows,
            "/api/question": self.question,
            "/api/compare": self.compare,
            "/api/page": self.page,
            "/api/lines": self.lines,
            "/api/reading": self.reading,
            "/api/search": self.search,
            "/api/flags": self.flags,
        }
        self.posts: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "/api/flags": self.put_flag,
            "/api/notes": self.put_note,
        }

    def answer(self, path: str, query: Query) -> Any:
        """What a request gets: a value for JSON; None: there is no such route.

        Args:
            path: Of the address.
            query: What follows it.

        Raises:
            ProctorError: It cannot be answered.
        """
        parts = path.split("/")
        if len(parts) == 5 and parts[1:3] == ["api", "runs"] and parts[4] == "tasks":
            return self.tasks({"run": [parts[3]]})
        route = self.routes.get(path)
        return None if route is None else route(query)

    def runs(self, query: Query) -> Any:
        """All runs."""
        entries, (notes, unread_notes) = self.catalog.entries(), self.notes()
        runs = [
            {"id": one.id, "model": one.run.name, "source": one.run.source, "date": iso_stamp(one.run.stamp),
             **run_facts(one.run).as_dict(), "note": notes.get(one.id, "")}
            for one in entries
        ]  # fmt: skip
        unread = [{"place": one.place, "reason": one.reason} for one in (*self.catalog.unread, *unread_notes)]
        return {"runs": runs, "unread": unread, "going_on": self.catalog.statuses()}

    def tasks(self, query: Query) -> Any:
        """The tasks of a run: scores of its file, and what the index has of its samples."""
        (entry,) = self._entries(query, most=1)
        self.indexer.prefer([entry.id])
        with self.index.connection() as connection:
            counts = connection.execute(
                "SELECT task, problem, (SELECT count(*) FROM rows WHERE file = files.id) FROM files WHERE run = ?",
                (entry.id,),
            )
            known = {task: (problem, count) for task, problem, count in counts}
        found = [
            {
                "task": task,
                "alias": entry.run.alias(task),
                "scores": {f"{metric},{name}": value for (metric, name), value in entry.run.scores(task).items()},
                "rows": known[task][1] if task in known else None,
                "problem": known[task][0] if task in known else None,
            }
            for task in entry.run.tasks
        ]
        groups = {name: list(entry.run.leaves(name)) for name in entry.run.groups}
        return {"run": entry.id, "tasks": found, "groups": groups, "reading": self._reading([entry])}

    def rows(self, query: Query) -> Any:
        """A page of the rows of one run; with a second run, of those on which they differ."""
        entries = self._entries(query, most=2)
        wanted = row_filter(query)
        with self.index.connection() as connection:
            files = files_of(connection, entries[0].id, entries[0].run.tasks)
            if len(entries) > 1:
                files = with_other(files, files_of(connection, entries[1].id, entries[1].run.tasks))
            if wanted.task is not None:
                run = entries[0].run
                tasks = set(run.leaves(wanted.task)) if wanted.task in run.groups else {wanted.task}
                files = [one for one in files if one.task in tasks]
            page = row_page(connection, files, wanted, after=_one(query, "after"), limit=_limit(query))
        return {"run": entries[0].id, "rows": page.rows, "after": page.after, "reading": self._reading(entries)}

    def question(self, query: Query) -> Any:
        """One question, whole."""
        entries = self._entries(query)
        for name in ("task", "id"):
            if not query.get(name):
                raise UsageError(f"The parameter {name} is missing.", hint=_QUESTION)
        number = _whole(_one(query, "id"))
        if number is None:
            raise UsageError(_QUESTION)
        wanted = QuestionAddress(_one(query, "task") or "", number, _one(query, "hash") or "")
        return stored_question(wanted, entries, self.index, self.indexer)

    def compare(self, query: Query) -> Any:
        """Two runs or more, as ``proctor compare --json``."""
        from proctor.analysis.compare import compare_runs
        from proctor.analysis.comparison import CompareOptions

        ids = [*query.get("a", []), *query.get("b", [])]
        runs = self._chosen(ids, "b" if query.get("a") else "a", least=2)
        return compare_runs(runs, CompareOptions()).to_dict()

    def page(self, query: Query) -> Any:
        """The columns of the page's list."""
        entries = self._entries(query)
        questions = self._questions(entries)
        return {
            "version": questions.version,
            "info": questions.info,
            "columns": base64.b64encode(questions.columns).decode("ascii"),
            "reading": self._reading(entries),
        }

    def lines(self, query: Query) -> Any:
        """The questions' texts by their places in the page's list: their beginnings, or the whole of them."""
        questions = self._questions(self._entries(query), _one(query, "version"))
        given, count = _one(query, "places"), len(questions.documents)
        found = [_whole(one) for one in given.split(",")] if given else []
        places = [place for place in found if place is not None and 0 <= place < count]
        if len(found) > MOST or len(places) != len(found):
            raise UsageError(f"places: up to {MOST} of the list's {count:,} questions, counted from 0.")
        length = None if _one(query, "whole") else LINE
        with self.index.connection() as connection:
            return {"lines": list(lines(connection, [questions.documents[place] for place in places], length))}

    def reading(self, query: Query) -> Any:
        """How many files are not in the index as they are."""
        return {"reading": self._reading(self._entries(query))}

    def search(self, query: Query) -> Any:
        """The places in the page's list whose texts have the words."""
        questions = self._questions(self._entries(query), _one(query, "version"))
        with self.index.connection() as connection:
            return {"places": matching(connection, questions, words_of_search(_one(query, "s") or ""))}

    def flags(self, query: Query) -> Any:
        """What questions are flagged as, and the file in which that stands."""
        return {"file": str(self.annotations.flags_file), "flags": self.annotations.flags()}

    def notes(self) -> tuple[Mapping[str, str], tuple[Unread, ...]]:
        """What somebody wrote about runs, by their ids; the file of notes, where it cannot be read."""
        try:
            known = self.annotations.notes()
        except UsageError as error:
            return {}, (Unread(str(self.annotations.notes_file), error.message),)
        found = ((one.id, known.get(self.annotations.place_of(one.run.source))) for one in self.catalog.entries())
        return {name: note for name, note in found if note}, ()

    def put_flag(self, value: Mapping[str, Any]) -> Any:
        """Flag a question, or take the flag away."""
        self.annotations.flag(value)
        return {"file": str(self.annotations.flags_file)}

    def put_note(self, value: Mapping[str, Any]) -> Any:
        """Write a note on a run."""
        (run,) = self._chosen([str(value["run"])] if "run" in value else [], "run")
        self.annotations.note(run.source, value.get("note"))
        return {"file": str(self.annotations.notes_file)}

    def _chosen(self, ids: Sequence[str], name: str, *, least: int = 1) -> list[StoredRun]:
        """Runs by their ids; where there are too few, an error that names the parameter which is missing."""
        if len(ids) < least:
            raise UsageError(f"The parameter {name} is missing: the id of a run.", hint=_IDS)
        return self.catalog.chosen(ids, _IDS)

    def _entries(self, query: Query, *, most: int | None = None) -> list[Entry]:
        """The runs of a query: in the order of their dates, of two whose rows are wanted in the order given."""
        ids = query.get("run", [])
        runs = self._chosen(ids, "run")
        by_id = {entry.id: entry for entry in self.catalog.entries()}
        if most is None:
            return [one for one in reversed(self.catalog.entries()) if one.run in runs and one.id in ids]
        if len(ids) > most:
            raise UsageError(f"That takes {counted(most, 'run')}, not {len(ids)}.")
        return [by_id[one] for one in ids]

    def _files(self, entries: Sequence[Entry]) -> list[list[IndexedFile]]:
        with self.index.connection() as connection:
            return [files_of(connection, entry.id, entry.run.tasks) for entry in entries]

    def _questions(self, entries: Sequence[Entry], version: str | None = None) -> QuestionSet:
        """The questions of runs as they are now, or of the version that a page has, as they were then."""
        runs = tuple(entry.id for entry in entries)
        self.indexer.prefer(runs)
        with self._making:
            if version is None:
                files = self._files(entries)
                version = version_of(files)
                if (*runs, version) not in self._sets:
                    with self.index.connection() as connection:
                        made = question_set(connection, [entry.run for entry in entries], files)
                    self._sets[*runs, version] = made
            if (found := self._sets.get((*runs, version))) is None:
                raise UsageError("The files have changed since the page was loaded.", hint="Load the page again.")
            self._sets.move_to_end((*runs, version))
            while len(self._sets) > _MOST_SETS:
                self._sets.popitem(last=False)
            return found

    def _reading(self, entries: Sequence[Entry]) -> int:
        return sum(len(self.indexer.missing(entry)) for entry in entries)


def row_filter(query: Query) -> RowFilter:
    """What a query says of rows.

    Args:
        query: ``f``, ``t``, ``s``, ``k``, ``p``, ``filter`` and ``o``, as the page's own addresses have them.

    Raises:
        UsageError: A part of it says nothing.
    """
    order = _one(query, "o") or "order"
    low, _, high = (_one(query, "p") or "").partition("..")
    names = tuple(name for name in (_one(query, "f") or "").split(",") if name)
    return RowFilter(
        names=names,
        task=_one(query, "t"),
        words=words_of_search(_one(query, "s") or ""),
        picked=_letter(_one(query, "k")),
        p=(_number(low), _number(high)),
        pipeline=_one(query, "filter"),
        order=order.removesuffix("-"),
        down=order.endswith("-"),
    )


def _one(query: Query, name: str) -> str | None:
    return query[name][0] if query.get(name) else None


def _limit(query: Query) -> int:
    text = _one(query, "limit")
    if text is None:
        return MOST
    if (number := _whole(text)) is None or not 0 < number <= MOST:
        raise UsageError(f"limit={text[:20]}: a page has 1 to {MOST} rows.")
    return number


def _whole(text: str | None) -> int | None:
    """A whole number that SQLite can hold; None of anything else."""
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise UsageError(f"{text[:20]!r} is no probability.", hint="p=0.5..0.9, p=0.9.. or p=..0.1") from error


def _letter(text: str | None) -> int | None:
    """The position of an option: ``A`` is 0; ``27`` is 26."""
    if not text:
        return None
    if text == "–":
        return NONE
    if (number := _whole(text)) is not None:
        return number - 1
    if len(text) == 1 and "A" <= text.upper() <= "Z":
        return ord(text.upper()) - 65
    raise UsageError(f"{text[:20]!r} is no option: A is the first.")
