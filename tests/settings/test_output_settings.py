"""The settings of output stand in their own place of the help, in their order."""

from __future__ import annotations

from proctor.settings.declarations import SETTINGS
from proctor.settings.output_settings import OUTPUT, REPORTERS


def test_their_sections_are_together_and_in_this_order():
    sections = list(dict.fromkeys(setting.section for setting in SETTINGS.values()))
    assert sections.index(REPORTERS) == sections.index(OUTPUT) + 1
    names = [name for name, setting in SETTINGS.items() if setting.section == OUTPUT]
    assert names == ["output_path", "log_samples", "predict_only", "write_out", "show_config", "verbosity"]
    assert "wandb_args" in [name for name, setting in SETTINGS.items() if setting.section == REPORTERS]
