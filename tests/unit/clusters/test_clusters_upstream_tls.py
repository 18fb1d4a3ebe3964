"""TLS and PROXY headers towards services."""

import yaml
from cluster_meshes import HTTP_OPTIONS, Mesh

NAME = "outbound|443||a.example"


def mesh_with(tls, *, protocol="HTTP", policy="", selector=None, config=""):
    entry = {
        "hosts": ["a.example"],
        "resolution": "STATIC",
        "ports": [{"number": 443, "name": "p", "protocol": protocol}],
        "subjectAltNames": ["spiffe://a"],
    }
    spec = {"host": "a.example", "trafficPolicy": {**(yaml.safe_load(policy) or {})}}
    if tls:
        spec["trafficPolicy"]["tls"] = yaml.safe_load(tls)
    if selector:
        spec["workloadSelector"] = {"matchLabels": selector}
    mesh = Mesh(
        {"kind": "ServiceEntry", "metadata": {"name": "e"}, "spec": entry},
        {"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": spec},
    )
    return mesh.config(config) if config else mesh


def context(mesh, view=None):
    socket = mesh.cluster(NAME, view).get("transport_socket")
    if socket is None:
        return None
    assert socket["name"] == "envoy.transport_sockets.tls"
    return socket["typed_config"]


def names(mesh, view=None):
    options = mesh.cluster(NAME, view).get("typed_extension_protocol_options", {}).get(HTTP_OPTIONS, {})
    return options.get("upstream_http_protocol_options")


ADS = {"ads": {}, "resource_api_version": "V3"}


def test_simple_checks_the_system_roots_and_the_entrys_names():
    found = context(mesh_with("{mode: SIMPLE, sni: a.example}"))
    assert found["sni"] == "a.example"
    assert found["common_tls_context"] == {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"},
        "combined_validation_context": {
            "default_validation_context": {"match_subject_alt_names": [{"exact": "spiffe://a"}]},
            "validation_context_sds_secret_config": {"name": "file-root:system", "sds_config": ADS},
        },
    }
    assert names(mesh_with("{mode: SIMPLE, sni: a.example}")) is None


def test_without_sni_and_names_the_requests_host_counts():
    assert names(mesh_with("{mode: SIMPLE}")) == {"auto_sni": True, "auto_san_validation": True}
    assert names(mesh_with("{mode: SIMPLE, subjectAltNames: [b]}")) == {"auto_sni": True}
    assert "sni" not in context(mesh_with("{mode: SIMPLE}"))


def test_the_rules_names_replace_the_entrys():
    validation = context(
        mesh_with("{mode: SIMPLE, subjectAltNames: [b, c], caCertificates: /ca, caCrl: /crl}")
    )
    validation = validation["common_tls_context"]["combined_validation_context"]
    assert validation["default_validation_context"] == {
        "match_subject_alt_names": [{"exact": "b"}, {"exact": "c"}],
        "crl": {"filename": "/crl"},
    }
    assert validation["validation_context_sds_secret_config"]["name"] == "file-root:/ca"


def test_anything_may_be_believed():
    mesh = mesh_with("{mode: SIMPLE, insecureSkipVerify: true}")
    assert context(mesh)["common_tls_context"]["validation_context"] == {}
    assert "combined_validation_context" not in context(mesh)["common_tls_context"]
    assert names(mesh) == {"auto_sni": True}


def test_mutual_shows_a_certificate_of_files():
    found = context(mesh_with("{mode: MUTUAL, clientCertificate: /c, privateKey: /k}"))["common_tls_context"]
    assert found["tls_certificate_sds_secret_configs"] == [{"name": "file-cert:/c~/k", "sds_config": ADS}]


def test_a_gateway_takes_secrets_from_the_control_plane():
    mesh = mesh_with("{mode: MUTUAL, credentialName: client, subjectAltNames: [b]}")
    found = context(mesh, mesh.gateway())["common_tls_context"]
    assert found["tls_certificate_sds_secret_configs"] == [{"name": "kubernetes://client", "sds_config": ADS}]
    assert found["combined_validation_context"] == {
        "default_validation_context": {"match_subject_alt_names": [{"exact": "b"}]},
        "validation_context_sds_secret_config": {"name": "kubernetes://client-cacert", "sds_config": ADS},
    }


def test_a_sidecar_takes_secrets_only_by_a_rule_that_selects_it():
    tls = "{mode: SIMPLE, credentialName: client}"
    assert context(mesh_with(tls)) is None
    assert names(mesh_with(tls)) is None
    selected = context(mesh_with(tls, selector={"app": "client"}))["common_tls_context"]
    validation = selected["combined_validation_context"]["validation_context_sds_secret_config"]
    assert validation["name"] == "kubernetes://client-cacert"
    assert context(mesh_with("{mode: SIMPLE, credentialName: 'configmap://ca'}")) is not None


def test_a_credential_that_is_not_checked_has_no_validation():
    mesh = mesh_with("{mode: MUTUAL, credentialName: client, insecureSkipVerify: true}")
    found = context(mesh, mesh.gateway())["common_tls_context"]
    assert set(found) == {"tls_params", "tls_certificate_sds_secret_configs"}


def test_plain_text():
    for tls in ("", "{mode: DISABLE}", "{}"):
        assert context(mesh_with(tls, policy="{loadBalancer: {simple: RANDOM}}")) is None


def test_http2_is_offered():
    assert context(mesh_with("{mode: SIMPLE}", protocol="GRPC"))["common_tls_context"]["alpn_protocols"] == [
        "h2"
    ]
    upgrade = "connectionPool: {http: {h2UpgradePolicy: UPGRADE}}"
    assert context(mesh_with("{mode: SIMPLE}", policy=upgrade))["common_tls_context"]["alpn_protocols"] == [
        "h2"
    ]
    assert "alpn_protocols" not in context(mesh_with("{mode: SIMPLE}"))["common_tls_context"]


def test_the_meshs_algorithms():
    config = "tlsDefaults: {ecdhCurves: [P-256], cipherSuites: [ECDHE-RSA-AES256-GCM-SHA384]}"
    found = context(mesh_with("{mode: SIMPLE}", config=config))["common_tls_context"]["tls_params"]
    assert found["ecdh_curves"] == ["P-256"]
    assert found["cipher_suites"] == ["ECDHE-RSA-AES256-GCM-SHA384"]


def test_the_filter_that_names_protocols_is_told_to_stay_away():
    istio = mesh_with("{mode: SIMPLE}").cluster(NAME)["metadata"]["filter_metadata"]["istio"]
    assert istio["alpn_override"] == "false"
    plain = mesh_with("{mode: DISABLE}").cluster(NAME)["metadata"]["filter_metadata"]["istio"]
    assert "alpn_override" not in plain


def test_a_proxy_header_goes_first():
    plain = mesh_with("", policy="proxyProtocol: {}").cluster(NAME)["transport_socket"]
    assert plain["name"] == "envoy.transport_sockets.upstream_proxy_protocol"
    assert plain["typed_config"]["config"] == {}  # V1
    assert plain["typed_config"]["transport_socket"]["name"] == "raw_buffer"
    secure = mesh_with("{mode: SIMPLE}", policy="proxyProtocol: {version: V2}").cluster(NAME)[
        "transport_socket"
    ]
    assert secure["typed_config"]["config"] == {"version": "V2"}
    assert secure["typed_config"]["transport_socket"]["name"] == "envoy.transport_sockets.tls"


def test_the_meshs_own_tls_is_ready_for_certificates():
    from lateen.api.destination_rule import ClientTLSSettings
    from lateen.model.upstream_tls import Target, upstream_tls
    from lateen.translate.upstream_tls import upstream_context

    found = upstream_tls(
        ClientTLSSettings(mode="ISTIO_MUTUAL"), Target(http2=True, own_name="outbound_.80_._.a"), None
    )
    common = upstream_context(found).common_tls_context
    assert list(common.alpn_protocols) == ["istio", "h2"]
    assert common.tls_certificate_sds_secret_configs[0].name == "default"
    assert common.combined_validation_context.validation_context_sds_secret_config.name == "ROOTCA"
    assert found.sni == "outbound_.80_._.a"
