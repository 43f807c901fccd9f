"""Several copies of a model that respond together: what each of them gets. A pool of models is a model."""
