"""How sure a score is: standard errors by formula, the bootstrap, intervals. No task and no model is known here."""
