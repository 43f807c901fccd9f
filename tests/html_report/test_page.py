from __future__ import annotations

import base64
import hashlib

from report_pages import Page

from proctor.html_report.language import language_of
from proctor.html_report.markup import Html
from proctor.html_report.page import Block, page
from proctor.html_report.pieces import section


def made(**more):
    return page("T", [section("scores", "S"), None], language_of("ko"), head=Html("<h1>T</h1>"), **more)


def test_the_policy_names_the_script_by_its_hash():
    script = "document.title = 'x';"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(one["content"] for one in Page(made(script=script)).all("meta") if "http-equiv" in one)
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "script-src &#39;none&#39;" in made()


def test_nothing_refers_to_another_file():
    found = Page(made(script="1", blocks=[Block("x", "abc")]))
    for name, attributes in found.elements:
        assert "src" not in attributes
        # An icon without anything: else a browser looks for one of the site.
        assert (attributes.get("href") or "#").startswith("#") or (name, attributes["href"]) == ("link", "data:,")


def test_language_canary_and_sections():
    text = made(canary="do not train: 123")
    found = Page(text)
    assert found.all("html")[0]["lang"] == "ko"
    assert {"name": "canary", "content": "do not train: 123"} in found.all("meta")
    assert {"name": "robots", "content": "noindex"} in found.all("meta")
    assert [one["href"] for one in found.all("a")] == ["#main", "#scores"]
