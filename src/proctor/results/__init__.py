"""Where a finished run becomes files and a table, as lm-evaluation-harness writes them, and is read again.

This room knows values (:mod:`proctor.types`) and nothing of tasks or models, so comparing
and viewing results loads neither. :mod:`schema` alone knows the wire format, :mod:`files`
the names on disk, :mod:`table` the look on the terminal; :mod:`open_runs` finds runs again,
:mod:`stored_run` has their samples, :mod:`choice_view` what a sample says of a choice.
"""
