"""One run: the knobs, the plan, the asking, the grading. Tasks and models meet here and nowhere else."""
