"""Where something began in a run: the slowdown (``slowdown.find_rise``), and failures (``failures.find_breaking``)."""
