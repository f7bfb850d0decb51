"""MariaDB or MySQL for projects: the server that this machine has, with data of the lab's own.

Start reading at cluster.py.
"""
