"""Bookinfo, ours."""
