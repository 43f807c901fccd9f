"""The command line: lm-evaluation-harness's flags at the border, frozen values behind it.

:mod:`main` finds the verb, each verb is a module of its own that is imported when it is
asked for: ``--help`` and ``ls`` stay fast because nothing here imports a verb early.
"""
