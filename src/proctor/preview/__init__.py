"""What a run would send and cost, without running it."""
