"""Connections: pools of them, opening them, TLS, bodies in pieces, and responses that are read on demand."""
