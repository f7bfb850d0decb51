"""Simulations whose truth is known: what the project's own functions make of it. Start reading at ``goals``."""
