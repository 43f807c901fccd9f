"""The release of transformers with which shared prefixes were tested; ``make constraints`` writes it."""

TRANSFORMERS = "5.24.0"
