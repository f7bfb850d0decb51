"""Its only migration, which does nothing."""

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing."""
