"""Checks of tasks before a run: files, functions, documents, prompts and scores."""
