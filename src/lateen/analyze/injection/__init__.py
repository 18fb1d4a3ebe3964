"""Which workloads have a proxy, and which should."""
