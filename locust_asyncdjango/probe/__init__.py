"""What a server's process and those who measure it agree on. It needs the standard library alone."""
