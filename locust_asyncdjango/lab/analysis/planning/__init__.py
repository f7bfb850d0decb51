"""What an experiment can find before it runs, and the experiment that fits into a time.

Start reading at ``budget.fit_budget``. ``experience`` has what earlier experiments on this machine have shown.
"""
