"""Where a finished run becomes files and a table, as lm-evaluation-harness writes them.

This room knows values (:mod:`proctor.types`) and nothing of tasks or models, so comparing
and viewing results loads neither. :mod:`schema` alone knows the wire format, :mod:`files`
the names on disk, :mod:`table` the look on the terminal.
"""
