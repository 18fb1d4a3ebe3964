"""Analysis looks at what is written: refused objects count, and so do those of kinds that are not carried out."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import lateen
from lateen.analyze.gateway.certificate_validity import invalid

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  ports: [{name: http, port: 80, protocol: HTTP}]
"""
ROUTE = """
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route: [{destination: {host: shop}}]
"""
TO_NOBODY = ROUTE.replace("{host: shop}", "{host: shop}, weight: -1").replace(
    "{host: shop}", "{host: nobody}"
)
POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: shop
  annotations: {}
spec:
  selector: {matchLabels: {app: nobody}}
"""
POD = """
---
apiVersion: v1
kind: Pod
metadata: {name: shop, labels: {app: shop}}
spec: {containers: [{name: app, image: app}]}
"""


def told(*texts, codes=()):
    found = lateen.load([*texts]).findings
    return [(str(one.code), str(one.ref)) for one in found if not codes or one.code in codes]


def test_what_is_refused_is_not_missing():
    assert told(SERVICE + ROUTE, codes=("IST0101", "IST0106")) == [("IST0106", "Service default/shop")]
    assert lateen.load(SERVICE + ROUTE).objects("Service") == ()


def test_what_is_refused_is_analysed_all_the_same():
    assert told(TO_NOBODY, codes=("IST0101", "IST0106")) == [
        ("IST0106", "VirtualService default/shop"),
        ("IST0101", "VirtualService default/shop"),
    ]


def test_an_object_whose_parts_cannot_be_read_is_analysed_without_them():
    text = TO_NOBODY.replace("hosts: [shop]", "hosts: [shop]\n  host: shop")
    assert ("IST0101", "VirtualService default/shop") in told(text)


def test_a_name_that_kubernetes_refuses_hides_nothing():
    assert ("IST0101", "VirtualService default/Shop") in told(TO_NOBODY.replace("name: shop", "name: Shop"))


def test_our_own_findings_are_about_what_is_in_force():
    broken = ROUTE.replace("spec:", "spec:\n  bogus: 1").replace(
        "- route", "- match: [{uri: {prefix: /foo}}]\n    route"
    )
    assert not [code for code, _ in told(SERVICE.replace("HTTP}", "TCP}") + broken) if code == "LAT0104"]


def test_a_gateway_of_each_kind_may_have_one_name():
    istio = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]
"""
    kubernetes = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
"""
    found = lateen.load([kubernetes, istio])
    assert [str(one.code) for one in found.findings if one.code != "IST0162"] == ["LAT0002"]
    assert len(found.objects("Gateway")) == 1


def test_an_annotation_silences_findings_about_foreign_kinds():
    assert ("IST0127", "AuthorizationPolicy default/shop") in told(POLICY + POD)
    silent = POLICY.replace("{}", "{galley.istio.io/analyze-suppress: IST0127}")
    assert "IST0127" not in [code for code, _ in told(silent + POD)]


def test_findings_about_foreign_kinds_have_their_place():
    found = next(one for one in lateen.load(POLICY + POD).findings if one.code == "IST0127")
    assert (found.where.line, found.path) == (8, "spec.selector")


def test_pods_that_others_run_are_selected():
    service = SERVICE.replace("HTTP}", "TCP}").replace("spec:", "spec:\n  selector: {app: db}")
    assert "LAT0140" in [code for code, _ in told(service + POD)]
    stateful = "\n---\n{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}}}}\n"
    assert "LAT0140" not in [code for code, _ in told(service + POD + stateful)]


SUBSETS = """
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec: {host: shop, subsets: [{name: v1, labels: {app: shop}}, {name: v2, labels: {version: v2}}]}
"""


def test_an_empty_subset_is_an_error_when_it_matters():
    service = SERVICE.replace("HTTP}", "TCP}").replace("spec:", "spec:\n  selector: {app: shop}")

    def levels(text):
        return [str(one.level) for one in lateen.load(service + POD + text).findings if one.code == "IST0173"]

    assert levels(SUBSETS) == ["Info"]
    assert levels(SUBSETS + ROUTE.replace("{host: shop}}", "{host: shop, subset: v2}}")) == ["Error"]
    assert levels(SUBSETS.replace("app: shop", "app: shop, version: v1")) == ["Error", "Error"]


@pytest.mark.parametrize(
    "spec",
    [
        "spec: 7",
        "spec: {selector: [a], rules: {a: 1}}",
        "spec: {rules: [1, {from: [{source: {namespaces: 3}}]}]}",
        "status: []",
    ],
)
def test_foreign_kinds_may_have_any_shape(spec):
    text = POLICY.partition("spec:")[0] + spec + "\n"
    for kind in ("AuthorizationPolicy", "RequestAuthentication"):
        assert told(text.replace("AuthorizationPolicy", kind) + POD)
    assert told(text.replace("security", "telemetry").replace("AuthorizationPolicy", "Telemetry") + POD)


@pytest.mark.parametrize(
    "text", ["webhooks: {a: 1}", "webhooks: [1, {name: a.istio.io, clientConfig: 3}]", "webhooks:\n- {}"]
)
def test_webhooks_may_have_any_shape(text):
    head = "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: istio-validator}\n"
    assert told(head + text + "\n")


def certificate(begin: datetime, end: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = built.serial_number(1).not_valid_before(begin).not_valid_after(end)
    return dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_certificate_counts_within_its_life():
    begin = datetime(2030, 1, 1, tzinfo=UTC)
    pem = certificate(begin, begin + timedelta(days=30))
    assert invalid(pem, "2030-01-02T00:00:00Z") == ""
    assert invalid(pem, "2030-03-01T00:00:00Z") == "the certificate has expired on 2030-01-31"
    assert invalid(pem, "2029-03-01T00:00:00Z") == "the certificate is not valid before 2030-01-01"
    assert (
        invalid(
            certificate(begin + timedelta(minutes=59), begin + timedelta(days=30)), "2030-01-01T00:00:00Z"
        )
        == ""
    )
    assert invalid(pem, "") == ""
    assert invalid(pem[:60], "") == "the certificate cannot be read"
