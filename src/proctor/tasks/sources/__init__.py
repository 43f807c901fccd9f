"""Where documents come from on this machine: which files a task means, and what is done so that they can be read.

``paths`` finds them, ``stamps`` tells whether they changed, ``prepare`` makes them what ``datasets``
reads (UTF-8, commas), ``sheets`` reads Excel's workbooks, ``saved`` folders of ``save_to_disk``,
``diagnose`` says where a file is wrong.
"""
