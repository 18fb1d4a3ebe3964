"""A twin of a proxy: a real Envoy on this machine that is given what the proxy would receive, and asked what it does."""
