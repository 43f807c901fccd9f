"""An audit as JSON, with the keys of a results file."""

from __future__ import annotations

import pytest
from audited_runs import audited

from proctor.analysis.audit_document import audit_document
from proctor.analysis.run_audit import AuditOptions


def test_json_has_the_keys_of_a_results_file(tmp_path):
    audit = audited(tmp_path, {"t": "1100" * 10}, AuditOptions(details=True))
    document = audit_document(audit)
    keys = document["results"]["t"]
    assert keys["acc,none"] == 0.5
    assert keys["acc_chance_corrected,none"] == pytest.approx(1 / 3)
    assert keys["acc_chance_corrected_stderr,none"] == pytest.approx(0.1 / 0.75)
    for name in ("chance", "p_above_chance", "longest_acc", "ece", "ece_null", "ece_p", "rmsce_debiased", "auroc",
                 "selective_acc_0.5", "aurc", "nll", "temperature", "ece_scaled", "choice_mass", "format_rate",
                 "majority_position_acc", "position_p", "position_rstd"):  # fmt: skip
        assert f"{name},none" in keys, name
    details = document["proctor"]["audit"]["t"]
    assert details["choices"]["positions"]["table"]
    assert "chance_items" not in details["choices"]["chance"]
    assert document["sentences"]["t"]
