"""Whether a model finds the published form of an exam likelier than forms that say the same."""
