"""What runs beside a workload: the Envoy process and its bootstrap."""
