from __future__ import annotations

import pytest

from proctor.view.accept_language import preferred_language


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("de-DE,de;q=0.9,ko;q=0.4,en;q=0.5", "en"),
        ("KO", "ko"),
        ("ko; q=0.5, en; q=0.6", "en"),
        ("ko;q=0, en;q=0.1", "en"),
        ("ko;q=x,en;q=nan", None),
        ("kok-IN,de", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_known_language_with_the_highest_weight(header, code):
    assert preferred_language(header) == code
