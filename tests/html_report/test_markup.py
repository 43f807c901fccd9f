from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from report_pages import Page

from proctor.html_report.markup import Html, element, escape, isolated, joined


def test_text_is_escaped_and_html_is_not():
    made = element("td", "a < b & 'c'", Html("<b>d</b>"), class_="num", data_x='"', hidden=True, title=None, open=False)
    assert made == '<td class=num data-x="&quot;" hidden>a &lt; b &amp; &#39;c&#39;<b>d</b>'


def test_nothing_and_lists_are_children():
    assert joined("a", None, ["b", ("c", None)]) == "abc"
    assert element("br") == "<br>"


def test_an_element_takes_no_more_bytes_than_it_needs():
    assert element("line", x1=1.5, x2=2.0) == "<line x1=1.5 x2=2 />"
    assert element("path", class_="bar-0", d="M1 2H3") == '<path class=bar-0 d="M1 2H3"/>'
    assert element("tr", element("th", "a"), element("td", element("p", "b"))) == "<tr><th>a<td><p>b</p>"
    for value in ("", "a b", "a/", "a=b", "a`b", "é", "a\n"):
        assert element("p", title=value) == f'<p title="{value}"></p>'


def test_what_no_page_can_hold_is_visible():
    assert escape("a\x00b\ud800c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert isolated("\u202eabc") == "<bdi>\u202eabc</bdi>"


@given(st.text())
def test_any_text_is_read_back_from_content_and_attributes(text):
    page = Page(element("p", text, title=text))
    shown = escape(text).encode("utf-8")
    assert len(shown) >= len(text)
    assert "".join(page.texts) == page.all("p")[0]["title"]
    assert [name for name, _ in page.elements] == ["p"]
