"""Log-likelihoods with a model of transformers."""
