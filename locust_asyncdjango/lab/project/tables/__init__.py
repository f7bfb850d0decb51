"""The tables of ``asyncdjango.toml``, a file each. Start reading at ``keys``."""
