"""The memory that Python objects take, as tracemalloc counts it."""

import gc
import tracemalloc
from collections.abc import Callable


def kept_bytes(act: Callable[[], object]) -> int:
    """Return how many bytes more are in use after a call, which runs once before, so that nothing is loaded for it."""
    act()
    tracemalloc.start()
    try:
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        act()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
