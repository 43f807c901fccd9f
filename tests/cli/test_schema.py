"""The subcommand ``schema``."""

import json

from proctor.cli.main import main
from proctor.tasks.json_schema import task_schema


def test_the_schema_is_printed(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == task_schema()
