"""Which tokens inputs share and in which order they are computed: pure plans, no torch."""
