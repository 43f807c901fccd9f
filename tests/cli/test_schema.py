"""The subcommand ``schema``."""

import json

from proctor.cli.main import main
from proctor.tasks.json_schema import task_schema


def test_a_word_is_refused_without_a_flag_that_is_not_there(capsys):
    assert main(["schema", "x"]) == 2
    error = capsys.readouterr().err
    assert "'x' belongs to no flag" in error
    assert "--tasks" not in error


def test_the_schema_is_printed(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == task_schema()
