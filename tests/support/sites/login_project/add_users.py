"""Make the tables of the project, and its only user: ``python add_users.py``."""

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)

    from django.contrib.auth.models import User

    User.objects.create_superuser("ann", password="right")
