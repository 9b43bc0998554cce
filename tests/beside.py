"""What goes on while something else happens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(act: Callable[[], object], *, pause_s: float = 0) -> Iterator[None]:
    """In a thread, again and again with a pause before each time, until the `with` block ends."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(pause_s):
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
