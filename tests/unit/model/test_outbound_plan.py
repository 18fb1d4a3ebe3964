"""Outbound listeners are planned port by port."""

import lateen
from lateen.model.outbound_plan import Capture, addresses, entry
from lateen.model.scope import EVERYBODY

DNS = """
apiVersion: v1
kind: Service
metadata: {name: dns, namespace: shop}
spec:
  clusterIP: 10.0.0.53
  ports:
  - {name: dns, port: 53, protocol: UDP}
  - {name: tcp-dns, port: 53, protocol: TCP}
  - {name: http-metrics, port: 9153}
"""


def test_a_number_that_serves_udp_and_tcp_has_a_listener_for_tcp():
    db = lateen.load(DNS).db
    capture = Capture(EVERYBODY, "REDIRECT", dns_capture=False, unprivileged=False, address="")
    assert addresses(db, capture) == (("0.0.0.0", 9153), ("10.0.0.53", 53))
    found = entry(db, capture, "10.0.0.53", 53)
    assert found is not None
    assert [one.port.name for one in found.members] == ["tcp-dns"]
    assert entry(db, capture, "10.0.0.53", 9153) is None
