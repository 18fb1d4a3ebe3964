"""Which `tls` and `tcp` rules lose to earlier ones (LAT0112, LAT0113), and which only look like it."""

from itertools import chain

import pytest

import lateen
from lateen.sources.memory import from_text

ENTRY = """\
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [a.example.com, b.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}, {number: 8443, name: tls-b, protocol: TLS}]
  resolution: DNS
---
kind: ServiceEntry
metadata: {name: bytes}
spec:
  hosts: [db.example.com]
  addresses: [1.2.3.4]
  ports: [{number: 3306, name: tcp, protocol: TCP}, {number: 3307, name: tcp-b, protocol: TCP}]
  resolution: DNS
"""
GATEWAY = """\
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 443, name: tls, protocol: TLS}, hosts: [a.example.com], tls: {mode: PASSTHROUGH}}
  - {port: {number: 443, name: more, protocol: TLS}, hosts: [b.example.com], tls: {mode: PASSTHROUGH}}
  - {port: {number: 15443, name: other, protocol: TLS}, hosts: ["*.example.com"], tls: {mode: PASSTHROUGH}}
  - {port: {number: 31400, name: tcp, protocol: TCP}, hosts: ["*"]}
  - {port: {number: 31401, name: tcp-b, protocol: TCP}, hosts: ["*"]}
"""
EDGE = "gateways: [edge], "
SHOP = "hosts: [a.example.com, b.example.com]"
DB = "hosts: [db.example.com]"


def tls(*rules, hosts=SHOP, name="rule"):
    return _service(name, hosts, "tls", rules)


def tcp(*rules, hosts=DB, name="rule"):
    return _service(name, hosts, "tcp", rules)


def _service(name, hosts, section, rules):
    to = "route: [{destination: {host: reviews, port: {number: 9080}}}]"
    written = "".join(f"  - {{{f'match: [{one}], ' if one else ''}{to}}}\n" for one in rules)
    space, _, own = name.rpartition("/")
    meta = f"{{name: {own}, namespace: {space or 'default'}}}"
    head = hosts.replace("], hosts", "]\n  hosts").replace("], exportTo", "]\n  exportTo")
    return f"kind: VirtualService\nmetadata: {meta}\nspec:\n  {head}\n  {section}:\n{written}"


def told(*texts):
    documents = chain(ENTRY.split("---\n"), GATEWAY.split("---\n"), texts)
    text = "---\n".join(f"apiVersion: networking.istio.io/v1\n{one}" for one in documents)
    mesh = lateen.load([from_text(text, "rules.yaml")])
    assert [one for one in mesh.findings if one.code == "IST0106"] == []
    return [
        (one.code, one.ref.name, one.path, one.message)
        for one in mesh.findings
        if one.code in ("LAT0112", "LAT0113")
    ]


A, B, BOTH = (
    "{sniHosts: [a.example.com]}",
    "{sniHosts: [b.example.com]}",
    "{sniHosts: [a.example.com, b.example.com]}",
)
LOST = {
    "half of a match on a gateway": (
        [tls(A, BOTH, hosts=EDGE + SHOP)],
        "spec.tls[1].match[0].sniHosts",
        ("match 1 of tls rule 2 is left out on port 443 of Gateway default/edge: a.example.com is taken by "
        "spec.tls[0].match[0], which comes before it, and b.example.com is left out with it"),
    ),
    "a match whose names two others have": (
        [tls(A, B, BOTH, hosts=EDGE + SHOP)],
        "spec.tls[2].match[0].sniHosts",
        ("match 1 of tls rule 3 is left out on port 443 of Gateway default/edge: a.example.com is taken by "
        "spec.tls[0].match[0], which comes before it"),
    ),
    "callers mean nothing to a gateway": (
        [tls("{sniHosts: [a.example.com], sourceLabels: {app: a}}", A, hosts=EDGE + SHOP)],
        "spec.tls[1].match[0].sniHosts",
        ("match 1 of tls rule 2 is left out on port 443 of Gateway default/edge: a.example.com is taken by "
        "spec.tls[0].match[0], which comes before it"),
    ),
    "a caller after all": (
        [tls(A, "{sniHosts: [a.example.com], sourceLabels: {app: a}}")],
        "spec.tls[1].match[0].sniHosts",
        "sidecars send a.example.com by spec.tls[0].match[0], which comes before it; match 1 of tls rule 2 is never used",
    ),
    "half of a match for sidecars": (
        [tls(A, BOTH)],
        "spec.tls[1].match[0].sniHosts",
        "sidecars send a.example.com by spec.tls[0].match[0], which comes before it; only b.example.com is left to match 1 of tls rule 2",
    ),
    "subnets, which stay in force for matches without any": (
        [tls("{sniHosts: [a.example.com], destinationSubnets: [1.2.3.0/24]}", A)],
        "spec.tls[1].match[0].sniHosts",
        "sidecars send a.example.com by spec.tls[0].match[0], which comes before it; match 1 of tls rule 2 is never used",
    ),
    "an older wildcard for sidecars": (
        [tls(A, hosts='hosts: ["*.example.com"]', name="elder"), tls(A, B)],
        "spec.tls[0].match[0].sniHosts",
        ("sidecars send a.example.com by spec.tls[0].match[0] of VirtualService default/elder, which comes before it; "
        "match 1 of tls rule 1 is never used"),
    ),
    "a second rule at a server": (
        [tcp("{port: 31400}", name="elder", hosts=EDGE + SHOP), tcp("{port: 31400, sourceLabels: {app: a}}", hosts=EDGE + DB)],
        "spec.tcp[0]",
        "tcp rule 1 is never used: spec.tcp[0] of VirtualService default/elder, which comes before it, takes all of its connections",
    ),
    "a caller after all of TCP": (
        [tcp("{port: 3306}", "{port: 3306, sourceLabels: {app: a}}")],
        "spec.tcp[1]",
        "tcp rule 2 is never used: spec.tcp[0].match[0], which comes before it, takes all of its connections",
    ),
    "the same subnets": (
        [tcp("{destinationSubnets: [1.2.3.0/24]}", "{destinationSubnets: [1.2.3.0/24], port: 3306}", "")],
        "spec.tcp[1]",
        "tcp rule 2 is never used: spec.tcp[0].match[0], which comes before it, takes all of its connections",
    ),
}  # fmt: skip
NEAR = {
    "one match at two servers of a port": [tls(A, B, hosts=EDGE + SHOP)],
    "one match of two names at two servers": [tls(BOTH, hosts=EDGE + SHOP)],
    "other ports of a gateway": [tls("{sniHosts: [a.example.com], port: 443}", A, hosts=EDGE + SHOP)],
    "a caller before all": [tls("{sniHosts: [a.example.com], sourceLabels: {app: a}}", A)],
    "a namespace before all": [tls("{sniHosts: [a.example.com], sourceNamespace: left}", A)],
    "a port before all": [tls("{sniHosts: [a.example.com], port: 8443}", A)],
    "subnets after all": [tls(A, "{sniHosts: [a.example.com], destinationSubnets: [1.2.3.0/24]}")],
    "a wider name": [tls('{sniHosts: ["*.example.com"]}', A, hosts='hosts: ["*.example.com"]')],
    "a younger wildcard": [tls(A), tls(A, hosts='hosts: ["*.example.com"]', name="younger")],
    "an elder that others see": [
        tls(A, hosts=f"exportTo: [left], {SHOP}", name="left/elder"), tls(A, hosts='hosts: ["*.example.com"]'),
    ],
    "sidecars and a gateway": [
        tls("{sniHosts: [a.example.com], gateways: [mesh]}", "{sniHosts: [a.example.com], gateways: [edge]}",
            hosts="gateways: [mesh, edge], " + SHOP),
    ],
    "a double is known already": [tls(A, A, hosts=EDGE + SHOP), tls(A, A, name="sidecars")],
    "other ports of TCP": [tcp("{port: 31400}", "", hosts=EDGE + DB)],
    "a caller before all of TCP": [tcp("{port: 3306, sourceLabels: {app: a}}", "{port: 3306}")],
    "subnets before all of TCP": [tcp("{destinationSubnets: [1.2.3.0/24]}", "")],
    "a rule after one for everything is known already": [tcp("", "{port: 3306}")],
    "another host of TCP": [tcp("", hosts=SHOP, name="elder"), tcp("")],
    "two gateways' servers": [
        tcp("{port: 31400}", name="elder", hosts=EDGE + SHOP), tcp("{port: 31401}", hosts=EDGE + DB),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_what_is_lost_is_told_once(case):
    texts, path, message = LOST[case]
    assert [(name, where, words) for _, name, where, words in told(*texts)] == [("rule", path, message)]


@pytest.mark.parametrize("case", NEAR)
def test_what_is_used_is_not_told(case):
    assert told(*NEAR[case]) == []


ENDS = """\
kind: Gateway
metadata: {name: NAME}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 443, name: https-own, protocol: HTTPS}, hosts: [HOST], tls: {mode: SIMPLE, credentialName: c}}
"""


@pytest.mark.parametrize(
    ("name", "winner", "loser"), [("later", "match", "server"), ("a", "server", "match")]
)
def test_a_server_that_ends_tls_of_a_name_that_is_passed_on_is_told(name, winner, loser):
    ends = ENDS.replace("NAME", name).replace("HOST", '"*.example.com"')
    rule = tls('{sniHosts: ["*.example.com"]}', hosts=EDGE + 'hosts: ["*.example.com"]')
    message = (
        "server 1 and spec.tls[0].match[0] of VirtualService default/rule, which passes TLS on, both have *.example.com "
        f"on port 443: the {winner} comes first, so the {loser} does not get it"
    )
    assert told(ends, rule) == [("LAT0112", name, "spec.servers[0].hosts", message)]


@pytest.mark.parametrize("host", ["c.example.com", '"*.example.com"'])
def test_a_server_beside_what_is_passed_on_under_other_names_is_not_told(host):
    ends = ENDS.replace("NAME", "ends").replace("HOST", host)
    assert told(ends, tls(A, B, hosts=EDGE + SHOP)) == []
