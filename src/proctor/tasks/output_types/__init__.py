"""The output types: one module for each, and a table.

What a task makes of a document depends on its ``output_type`` alone: which requests are built, how their
responses become metric values, which keys a task file must have, what its target is for. All of that is one object.
No other room compares the name of an output type: whoever needs to know something reads an attribute.
"""
