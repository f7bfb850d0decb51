"""What the lab's database servers have in common: the cache folder that keeps their data, and the account of root's.

A database is filled once, into a template in the cache folder (templates.py). Each trial starts a copy of the template
on a free port of 127.0.0.1. So every trial begins with the same tables, and two labs can run at the same time.
"""
