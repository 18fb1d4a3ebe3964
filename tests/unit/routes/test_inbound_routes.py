"""The route from a sidecar to its own application (checklist 103)."""

from google.protobuf.json_format import MessageToDict

from lateen.api.virtual_service import HTTPRetry
from lateen.translate.inbound_routes import inbound_route_configuration

RETRY = {"retry_on": "reset-before-request", "num_retries": 2}


def written(**more):
    host = "reviews.default.svc.cluster.local"
    made = inbound_route_configuration(cluster="inbound|9080||", host=host, port=9080, **more)
    return MessageToDict(made, preserving_proto_field_name=True)


def retry(**more):
    return written(**more)["virtual_hosts"][0]["routes"][0]["route"].get("retry_policy")


def test_everything_goes_to_the_application_without_a_limit():
    assert written() == {
        "name": "inbound|9080||",
        "validate_clusters": False,
        "virtual_hosts": [
            {
                "name": "inbound|http|9080",
                "domains": ["*"],
                "routes": [
                    {
                        "name": "default",
                        "match": {"prefix": "/"},
                        "decorator": {"operation": "reviews.default.svc.cluster.local:9080/*"},
                        "route": {
                            "cluster": "inbound|9080||",
                            "timeout": "0s",
                            "max_stream_duration": {
                                "max_stream_duration": "0s",
                                "grpc_timeout_header_max": "0s",
                            },
                            "retry_policy": RETRY,
                        },
                    }
                ],
            }
        ],
    }


def test_streams_are_not_retried():
    assert retry(is_grpc=True) is None


def test_only_some_settings_of_the_mesh_mean_something():
    policy = HTTPRetry(
        attempts=5, retry_on="503", retry_remote_localities=True, retry_ignore_previous_hosts=True
    )
    assert retry(retries=policy) == {
        "num_retries": 5,
        "retry_on": "retriable-status-codes",
        "retriable_status_codes": [503],
    }
    assert retry(retries=HTTPRetry()) is None
