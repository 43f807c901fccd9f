"""How documents are scored: values of one document, and one score for all documents of a task.

``tables`` has a row for each metric and aggregation. ``metric_list`` turns an entry of a task's
``metric_list`` into a ``MetricUse``; ``choice``, ``perplexity`` and ``text`` score one document;
``aggregate`` makes a score and its standard error of the values of all documents.
"""
