"""What is counted: figures per document, and one figure for all documents of a task.

``tables`` says which metrics there are and turns an entry of a task's ``metric_list`` into a
``MetricUse``; ``choice``, ``perplexity`` and ``text`` measure one document; ``aggregate``
makes a value and its standard error out of all documents.
"""
