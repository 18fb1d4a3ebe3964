"""Envoy's response flags in words, with what to do (Envoy's access log documentation, %RESPONSE_FLAGS%)."""

FLAGS = {
    "NR": "no route takes the request: no virtual host has its host, or no route of it matches",
    "NC": "the route's cluster does not exist: a host, port or subset that is not there",
    "UH": "the cluster has no healthy endpoint: no pods with these labels, or none is ready",
    "UF": "no connection to the endpoint",
    "UC": "the endpoint closed the connection; often its keep-alive is shorter than the proxy's",
    "UO": "a limit of connectionPool was reached",
    "UT": "the route's timeout ended",
    "URX": "all retries are used up",
    "DC": "the client closed the connection",
    "DPE": "what the client sends is not HTTP",
    "FI": "a fault of the rule answers",
    "DI": "a fault of the rule delays",
    "RL": "a rate limit was reached",
    "UAEX": "an external authorization service refused it",
    "LR": "the connection was reset locally",
    "UR": "the endpoint reset the connection",
    "NFCF": "the filter's configuration has not arrived",
    "OM": "the proxy is short of memory",
    "SI": "the stream was idle for too long",
    "DT": "the request lasted too long",
}


def meaning(flag: str) -> str:
    """Say what a flag means; empty for none, or one that is not known."""
    return FLAGS.get(flag, "")
