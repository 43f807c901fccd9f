"""From model arguments to a tokenizer and weights on a device."""
