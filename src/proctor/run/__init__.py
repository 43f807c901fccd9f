"""One run: plan, ask, grade, aggregate, finish. Tasks and models meet here and nowhere else."""
