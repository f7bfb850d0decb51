"""What a user demands of a run, as text: thresholds say what must not be, objectives what must hold.

Both are made of conditions, such as ``p95>800ms``. Start reading at ``parser.parse_condition``.
"""
