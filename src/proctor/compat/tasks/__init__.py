"""What Python files of task folders import from lm-eval: classes to derive, registries, metrics, filters."""
