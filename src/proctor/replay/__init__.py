"""Earlier responses, scored again without a model."""
