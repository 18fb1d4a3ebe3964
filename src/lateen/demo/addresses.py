"""Where the services of Bookinfo find each other."""

from collections.abc import Mapping


def base_url(service: str, environment: Mapping[str, str]) -> str:
    """Return the URL before the path, `http://reviews:9080` unless the environment changes it.

    `REVIEWS_URL` replaces it whole. `REVIEWS_HOSTNAME`, `SERVICES_DOMAIN` and `REVIEWS_SERVICE_PORT` replace its parts,
    as in Istio's sample.
    """
    prefix = service.upper()
    if url := environment.get(f"{prefix}_URL"):
        return url.rstrip("/")
    host = environment.get(f"{prefix}_HOSTNAME", service)
    domain = environment.get("SERVICES_DOMAIN", "")
    port = environment.get(f"{prefix}_SERVICE_PORT", "9080")
    return f"http://{host}.{domain}:{port}" if domain else f"http://{host}:{port}"
