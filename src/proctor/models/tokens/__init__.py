"""From text to token ids as lm-eval does it, each distinct part encoded once."""
