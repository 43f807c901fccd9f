"""Statistics of stored scores: intervals, comparisons, calibration, choice orders, early stop, items, contamination.

The modules of statistics are pure: plain numbers and sequences in, frozen values out. They read no file and print
nothing; they need neither numpy nor a model, so an audit of a stored run gives the same digits on every machine.

- What does not exist is None, with a reason beside it (:class:`proctor.analysis.statistic.Statistic`), never 0 or NaN.
- The document is the unit. Orders, formulations and repeats of one document are averaged first.
- Monte Carlo draws come from :mod:`proctor.analysis.draws`, seeded by names and not by positions.
- Unusable values (different lengths, NaN) are an :class:`proctor.errors.AnalysisError`, a sentence.

Above them are the modules that read a stored run (:mod:`task_scores`, :mod:`pairs`) and put statistics together
(:mod:`compare`), and those that say what was found (:mod:`compare_text`, :mod:`compare_document`).
"""
