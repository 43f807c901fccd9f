"""One HTML file of stored runs: scores, comparisons, how a model answers, every question.

Statistics come from :mod:`proctor.analysis`, files from :mod:`proctor.results`; nothing is computed twice. Sections are
functions from facts to HTML (:mod:`markup`) and SVG (:mod:`svg`), so that the page shows and prints without JavaScript.
Styles, scripts and the strings of each language lie in ``web``, as they are.
"""
