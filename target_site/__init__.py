"""The Django site that is measured: every route in every variant, its variants side by side."""
