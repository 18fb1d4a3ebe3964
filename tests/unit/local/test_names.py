"""What the mesh's names are for a workload, as a resolver with search domains asks for them."""

import lateen
from lateen.local.dns_names import find
from lateen.local.names import names
from lateen.model.scope import scope_of
from lateen.model.view import Proxy, view_of

ENTRIES = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wild}
spec:
  hosts: ["*.default.svc.cluster.local"]
  resolution: DYNAMIC_DNS
  ports: [{number: 80, name: http, protocol: HTTP}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: plain}
spec:
  hosts: [plain.example]
  addresses: [192.0.2.1]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
"""


def asked(name):
    db = lateen.load(ENTRIES).db
    view = view_of(db, Proxy(type="sidecar", address="10.0.0.1", name="a", namespace="default"))
    known = names(db, lambda _: scope_of(db, view))
    return find(known.lookup, name, 1, "10.0.0.1", known.search("10.0.0.1"))


# item 226
def test_a_wildcard_over_a_search_domain_does_not_take_names_that_are_known_without_it():
    assert asked("plain.example.default.svc.cluster.local") == (("192.0.2.1",), "plain.example")
    assert asked("plain.example") == (("192.0.2.1",), "")


# item 226
def test_a_wildcard_takes_what_is_not_known_otherwise():
    (address,) = asked("any.default.svc.cluster.local").addresses
    assert address.startswith("240.240.")
    assert asked("other.example") is None
