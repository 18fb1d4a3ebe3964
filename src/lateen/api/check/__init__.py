"""What is wrong with one object alone: Istio's webhook, its CRD schemas, Kubernetes, and what Envoy would refuse.

`dispatch.check` is the way in. There is one module per kind or large block, and one per kind of value in `primitives`.
Severities are Istio's: what istiod refuses is an error, what it warns about a warning. Beyond that an error is what
Istio accepts although Envoy refuses what comes of it (code `codes.ENVOY`), and what Lateen does not carry out yet
(`codes.NOT_YET`).
"""
