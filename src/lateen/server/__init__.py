"""Wiring: database, sources, xDS and the HTTP API in one event loop."""
