"""Audits of runs that are made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stored_runs import right_and_wrong, write_run

from proctor.analysis.audit import audit_run
from proctor.analysis.audit_text import inner_warnings, part_lines, parts_of
from proctor.analysis.run_audit import AuditOptions, RunAudit
from proctor.results.open_runs import open_runs


def audited(tmp_path: Path, tasks: dict[str, Any], options: AuditOptions | None = None, **more: Any) -> RunAudit:
    """The audit of a run whose tasks are samples, or patterns of right and wrong."""
    lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in tasks.items()}
    (run,) = open_runs([write_run(tmp_path, lines, **more)]).runs
    return audit_run(run, options)


def said(audit: RunAudit) -> str:
    """All sentences of an audit."""
    parts = parts_of(audit)
    return "\n".join([line for part in parts for line in part_lines(part)] + list(inner_warnings(audit, parts)))
