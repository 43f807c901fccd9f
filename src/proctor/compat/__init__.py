"""lm-eval's Python names, for task files, scripts and research code: two rooms with two promises.

- :mod:`proctor.compat.tasks`: what Python files of task folders import. All of it is served.
- :mod:`proctor.compat.scripts`: what scripts import (``simple_evaluate``, ``TaskManager``, ``LM``, ``HFLM``, ...).
  They get lm-eval's numbers and dictionaries.

Which module of lm-eval is where says the table in :mod:`proctor.compat.names`. Task files meet it through
:mod:`proctor.alias`, scripts through ``python -m proctor.compat``.
"""

__version__ = "0.4.13"
"""The release of lm-eval whose behaviour is followed, not proctor's own version."""
