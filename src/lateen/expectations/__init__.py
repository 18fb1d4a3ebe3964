"""Expectations about requests, tried on what proxies would receive."""
