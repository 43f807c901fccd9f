"""The file of prices: what it gives, and a sentence with the line for each thing that is wrong in it."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.models.prices import Prices
from proctor.settings.config import build_config
from proctor.settings.price_file import read_prices

GOOD = """\
tiny:
  prompt: 0.15
  cached: 0.075
  completion: 0.6
large: {prompt: 2, completion: 8, written: 2.5}
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "prices.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_prices_by_model(file):
    path = file(GOOD)
    assert read_prices(path, "tiny") == Prices(0.15, 0.6, cached=0.075, written=0.15)
    assert read_prices(path, "large") == Prices(2.0, 8.0, cached=2.0, written=2.5)


def test_json_is_read_too(file):
    path = file('{"tiny": {"prompt": 1, "completion": 2}}')
    assert read_prices(path, "tiny") == Prices(1.0, 2.0, cached=1.0, written=1.0)


def test_a_model_that_is_not_there(file):
    path = file(GOOD)
    with pytest.raises(UsageError, match="has none for the model 'tinny'") as caught:
        read_prices(path, "tinny")
    assert "tiny" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        read_prices(path, "another-one")
    assert caught.value.hint == "It has: tiny, large."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tiny:\n  prompt: 1\n", ":1: 'tiny' has no price 'completion'"),
        ("tiny: 5\n", ":1: the prices of 'tiny' must be a mapping"),
        ("tiny:\n  prompt: -1\n  completion: 2\n", ":2: 'prompt' of 'tiny' must be a number of at least 0, not -1"),
        ("tiny:\n  prompt: 1\n  completion: a lot\n", ":3: 'completion' of 'tiny' must be a number"),
        ("tiny:\n  prompt: .nan\n  completion: 1\n", ":2: 'prompt' of 'tiny' must be a number"),
        ("tiny:\n  prompt: true\n  completion: 1\n", ":2: 'prompt' of 'tiny' must be a number"),
        ("tiny:\n  prompt: 1\n  completion: 1\n  promt: 2\n", ":4: 'promt' of 'tiny' is no price"),
        ("- tiny\n", "holds 'name: value' lines"),
        ("", "holds nothing"),
        ("tiny: {prompt: 1", "this is not valid YAML"),
    ],
)
def test_wrong_files_are_sentences_with_the_line(file, text, said):
    path = file(text)
    with pytest.raises(UsageError) as caught:
        read_prices(path, "tiny")
    assert said in str(caught.value)
    assert str(caught.value).startswith((path, "The file of prices"))


def test_all_that_is_wrong_is_said_at_once(file):
    with pytest.raises(UsageError) as caught:
        read_prices(file("a: 1\nb:\n  prompt: 1\nc:\n  prompt: x\n  completion: 1\n"), "a")
    assert [":1:" in caught.value.message, ":2:" in caught.value.message, ":5:" in caught.value.message] == [True] * 3


def test_no_file(tmp_path):
    with pytest.raises(UsageError, match="There is no file of prices"):
        read_prices(str(tmp_path / "none.yaml"), "tiny")


def test_a_limit_needs_prices():
    with pytest.raises(UsageError, match="--max_cost needs to know what tokens cost: add --prices FILE"):
        build_config({"tasks": ["a"], "max_cost": 1})
