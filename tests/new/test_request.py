"""What a user wants, as it is stored."""

import pytest

from proctor.new.columns import Chosen
from proctor.new.request import NewTaskRequest, request_of


@pytest.mark.parametrize(
    "request_",
    [
        NewTaskRequest("exam", "t.csv"),
        NewTaskRequest("exam", "t.csv", shots=0),
        NewTaskRequest(
            "exam",
            "t.csv",
            Chosen(choices=("A", "B"), answer_base=0, group="과목"), "any", "all", "ko", "cp949", "1", 5, True
        ),
    ],
)  # fmt: skip
def test_what_is_stored_is_the_same_request(request_):
    assert request_of(request_.as_document()) == request_


def test_only_what_was_given_is_stored_and_none_is_not_given():
    assert NewTaskRequest("exam", "t.csv").as_document() == {"name": "exam", "source": "t.csv", "style": "letter"}
    assert request_of({"name": "exam", "source": "t.csv", "answer": None, "shots": None}) == NewTaskRequest(
        "exam", "t.csv"
    )
