"""What can be wrong with a task written as a class: it is made, and asked for every document's requests."""

from __future__ import annotations

from proctor.check.findings import Findings
from proctor.errors import Finding, ProctorError, TaskError
from proctor.tasks.class_task import make_task
from proctor.tasks.prompt import PLAIN
from proctor.tasks.spec import TaskSpec


def check_class(spec: TaskSpec) -> tuple[list[Finding], list[Finding], int]:
    """Check a task that is a Python class. Prompts are built without examples.

    Args:
        spec: The task.

    Returns:
        Errors, notes, and how many documents were looked at.
    """
    findings = Findings(spec)
    try:
        task = make_task(spec)
        task.uses  # noqa: B018 - its metrics, which a class may fail to name
    except ProctorError as error:
        findings.add(error, "class")
        return *findings.results(), 0
    style, count = PLAIN, len(task.documents)
    for position in range(count):
        try:
            for example in task.examples([position], style, 0):
                task.asks(example, style)
        except TaskError as error:
            for finding in error.errors:
                findings.on(position, (type(error.__cause__).__name__, finding.file, finding.line), finding)
    return *findings.results(), count
