"""From names to prompts: finding task files, reading the task language, and building what is asked of a model.

Tasks never see models. What is found by name (``index``, ``select``) is read with the line of
every key (``yaml``), checked into a frozen spec (``spec``) and bound to its documents (``task``).
"""
