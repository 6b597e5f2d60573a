"""A bound on the processor time of one piece of work, for parsers whose time grows with the square of hostile input."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class OverdueError(Exception):
    """The work took longer than it may."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise OverdueError inside the block once this process has computed for so long.

    Waiting for other processes does not count, so that a busy machine refuses nothing that an idle one takes. Without
    effect on Windows, which has no such timer, and in threads, which cannot be interrupted.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _overdue)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _overdue(_number: int, _frame: FrameType | None) -> None:
    raise OverdueError
