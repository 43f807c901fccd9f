"""What scripts import from lm-eval: evaluation, task managers, classes of models, loggers, helpers."""
