"""Secrets by SDS name (checklist 179)."""

import base64

import pytest
from listener_meshes import Mesh


def held(name, namespace="istio-system", **values):
    text = {key.replace("_", "."): value for key, value in values.items()}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "stringData": text}


def inline(text):
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize(("chain", "key"), [("tls_crt", "tls_key"), ("cert", "key")])
def test_a_secrets_certificate_is_sent_inline(chain, key):
    mesh = Mesh(held("web", **{chain: "C", key: "K"}))
    found = mesh.secret("kubernetes://web")
    assert found["tls_certificate"] == {"certificate_chain": inline("C"), "private_key": inline("K")}


def test_a_changed_secret_changes_the_resource():
    mesh = Mesh(held("web", tls_crt="C", tls_key="K"))
    mesh.add(held("web", tls_crt="C2", tls_key="K2"))
    assert mesh.secret("kubernetes://web")["tls_certificate"]["certificate_chain"] == inline("C2")


@pytest.mark.parametrize(
    ("secret", "wanted"),
    [
        (held("web-cacert", ca_crt="A"), "A"),
        (held("web-cacert", cacert="A"), "A"),
        (held("web", tls_crt="C", tls_key="K", ca_crt="B"), "B"),
        (held("web", cert="C", key="K", cacert="B"), "B"),
    ],
)
def test_authorities_are_in_a_secret_of_their_own_or_beside_the_certificate(secret, wanted):
    found = Mesh(secret).secret("kubernetes://web-cacert")
    assert found["validation_context"]["trusted_ca"] == inline(wanted)


def test_revoked_certificates_come_with_the_authorities():
    found = Mesh({**held("web"), "stringData": {"ca.crt": "A", "ca.crl": "R"}}).secret(
        "kubernetes://web-cacert"
    )
    assert found["validation_context"]["crl"] == inline("R")


@pytest.mark.parametrize(
    "name", ["kubernetes://web", "kubernetes://other/web", "kubernetes://none", "nonsense", "file-cert:/a"]
)
def test_what_is_not_there_or_not_the_gateways_own_has_no_resource(name):
    mesh = Mesh(held("web", namespace="other", tls_crt="C", tls_key="K"))
    assert mesh.secret(name) is None


def test_an_empty_key_is_no_certificate():
    assert Mesh(held("web", tls_crt="C", tls_key="")).secret("kubernetes://web") is None


def test_files_are_named_and_watched_never_read():
    found = Mesh().secret("file-cert:/c/tls.crt~/c/tls.key")
    assert found["tls_certificate"] == {
        "certificate_chain": {"filename": "/c/tls.crt"},
        "private_key": {"filename": "/c/tls.key"},
        "watched_directory": {"path": "/c"},
    }
    authorities = Mesh().secret("file-root:/c/ca.crt")["validation_context"]
    assert authorities == {"trusted_ca": {"filename": "/c/ca.crt"}, "watched_directory": {"path": "/c"}}
    usual = Mesh().secret("file-root:system")["validation_context"]
    assert usual["trusted_ca"] == {"filename": "/etc/ssl/certs/ca-certificates.crt"}


def test_authorities_may_be_in_a_config_map_of_any_namespace():
    text = {"kind": "ConfigMap", "metadata": {"name": "roots", "namespace": "team"}, "data": {"ca.crt": "A"}}
    assert Mesh(text).secret("configmap://team/roots")["validation_context"]["trusted_ca"] == inline("A")
