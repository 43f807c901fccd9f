"""Where programs that a model wrote are run: apart from everything, for seconds, and judged.

``run`` is the face: programs in, one outcome each. ``supervisor`` is a small process beside the
harness that starts a fresh process per program; ``confine`` and ``kernel`` shut that process in
with what the system offers; ``consent`` says whether the user agreed to run such programs at all.
"""
