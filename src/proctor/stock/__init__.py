"""lm-eval's own task folder, of which proctor bundles a part: where it is, what it names, how to get it.

Its files are not proctor's. They are read where lm-eval is installed, or where ``proctor tasks get``
has unpacked them, as the task root of lowest rank: include paths and bundled tasks go first. Only
the names in it are known without it, so that a name that is missing can be told from a misspelt one.
"""
