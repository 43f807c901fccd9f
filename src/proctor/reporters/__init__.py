"""Where results are sent: trackers of experiments, and the Hugging Face hub.

A kind of reporter is a row of :mod:`proctor.reporters.kinds`. It reads a run as its files have it, so that a run that
has just ended and one of last year are sent alike. The package of a tracker is imported where it is used.
"""
