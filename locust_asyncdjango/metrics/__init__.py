"""Turn finished requests into rows, and rows into series files. Standard library only."""
