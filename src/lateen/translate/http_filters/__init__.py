"""The HTTP filters of a connection manager, in order."""
