"""What the lab finds out about a project before it runs: its Python, its settings, its views."""
