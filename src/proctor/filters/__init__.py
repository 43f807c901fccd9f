"""From what a model answered to what is graded: named pipelines of small steps.

A step is a class with settings and one method, ``apply(resps, docs)``; ``table`` names the
steps there are, ``pipeline`` builds and runs what a task's ``filter_list`` says.
"""
