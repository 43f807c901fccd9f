"""A stop that waits for what is in flight: those requests are paid for."""

# Python raises KeyboardInterrupt between any two instructions of the main thread. Between a server's reply and the
# store lie half a dozen generators; a stop that is raised within one of them closes the others, and every reply that
# had arrived but was not stored yet is lost and paid for again. So while such a model responds, the first signal is
# only noted: the model sends nothing more, the loop ends by itself when the last reply is stored, and then the stop is
# raised as it would have been. A second signal is raised at once: whoever is impatient may lose a reply.
#
# Invariant: after the block the handlers are those from before, and a noted stop has been raised.

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from proctor.models.protocols import Model, StoppableModel

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def gentle_stop(model: Model) -> Iterator[None]:
    """While the model responds within, the first SIGINT or SIGTERM lets it finish what is in flight.

    Args:
        model: Whoever responds; one that cannot be told to stop is stopped as ever.

    Raises:
        KeyboardInterrupt: There was a signal; whatever else its handler from before raises.
    """
    # Handlers are set in the main thread only; elsewhere no signal raises anything.
    if not isinstance(model, StoppableModel) or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        if len(noted) > 1:
            before[signal.Signals(number)](number, frame)
        model.stop()

    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if noted:
        before[signal.Signals(noted[0])](noted[0], None)
