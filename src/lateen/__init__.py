"""Istio's traffic management, in Python, on the real Envoy, for any machine."""
