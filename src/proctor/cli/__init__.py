"""The command line: lm-evaluation-harness's flags at the border, frozen values behind it.

:mod:`main` finds the subcommand, each subcommand is a module of its own that is imported when it is
asked for: ``--help`` and ``ls`` stay fast because nothing here imports a subcommand early.
"""
