"""Hashes of documents: those of lm-eval's samples files."""

from __future__ import annotations

import hashlib
import json

from proctor.results.hashes import doc_hash, sha256


def test_a_document_is_hashed_as_its_indented_json():
    doc = {"question": "물의 끓는점?", "choices": ["a", "b"], "answer": 1}
    text = json.dumps(doc, indent=2, ensure_ascii=False)
    assert doc_hash(doc) == hashlib.sha256(text.encode("utf-8")).hexdigest()


def test_lone_surrogates_are_hashed_as_they_are():
    assert sha256("\ud800") == hashlib.sha256(b"\xed\xa0\x80").hexdigest()
