"""Marks of documents: each is looked at once, by its hash and by a column."""

from __future__ import annotations

from types import SimpleNamespace

from proctor.results.hashes import doc_hash
from proctor.run.document_marks import DocumentMarks


def record(doc_id, doc):
    return SimpleNamespace(task="t", doc_id=doc_id, doc=doc)


def test_equal_documents_are_excluded_together():
    docs = [{"q": "a"}, {"q": "b"}, {"q": "a"}]
    marks = DocumentMarks("t", frozenset({doc_hash(docs[0]), "f" * 64}))
    for doc_id, doc in enumerate(docs):
        marks.add(record(doc_id, doc))
    assert marks.excluded == {0, 2}
    assert marks.unknown == 1


def test_a_document_is_read_once():
    marks = DocumentMarks("t", cluster="q")
    marks.add(record(0, {"q": "a"}))
    marks.add(record(0, {"q": "b"}))
    assert marks.clusters == {0: "a"}


def test_without_a_wish_there_are_no_marks():
    assert not DocumentMarks("t")
    assert DocumentMarks("t", frozenset())
    assert DocumentMarks("t").excluded is None
