"""Settings of a run: what each is called, what it accepts, and where its value comes from."""
