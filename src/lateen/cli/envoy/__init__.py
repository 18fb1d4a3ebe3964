"""What a running Envoy says of itself, as tables in istioctl's columns."""
