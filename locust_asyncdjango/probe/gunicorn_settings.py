"""Settings of gunicorn, which reads this file in place of the gunicorn.conf.py of the working directory.

They stand here because gunicorn ignores a name in this file that its version does not know, but not such a flag.
"""

# By default all gunicorns share one file in the user's home, from 25.1 on.
control_socket_disable = True
