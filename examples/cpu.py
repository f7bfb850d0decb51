"""Requests a sum of squares: no query, only the processor.

locust -f examples/cpu.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import CpuUser

__all__ = ["CpuUser"]
