"""The xDS protocol: a sans-I/O session, and one file that speaks gRPC."""
