"""What changed between two results folders or two runs.

Start reading at ``find_changes``. ``arm_change`` has what it returns, and ``change_stats`` how sure a change is.
"""
