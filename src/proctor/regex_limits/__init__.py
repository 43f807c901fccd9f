"""Regular expressions of task files, applied so that they come to an end.

A pattern such as ``(a+)+$`` can take longer than the universe lasts on forty letters, and nothing
in ``re`` stops it. ``bounded`` gives each document a time limit; ``child`` is the process that
matches where the interpreter cannot interrupt itself.
"""
