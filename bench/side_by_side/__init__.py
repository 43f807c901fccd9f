"""Two programs on the same task, model, data and threads: how they are started, measured and compared."""

import sys
from pathlib import Path

# What the tools in tools/ know too (where the other program is, where the test data) stands there.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
