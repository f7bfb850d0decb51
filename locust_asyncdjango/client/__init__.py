"""FastUser: Locust's FastHttpUser at a fraction of its cost."""
