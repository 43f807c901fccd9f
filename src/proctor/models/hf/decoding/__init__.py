"""Generation with a model of transformers."""
