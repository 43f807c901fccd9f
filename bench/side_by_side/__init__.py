"""Two programs on the same task, model, data and threads: how they are started, measured and compared."""
