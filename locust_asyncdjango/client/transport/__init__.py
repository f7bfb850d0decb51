"""What connections are made of: opening them, TLS, bodies in pieces, and responses that are read on demand."""
