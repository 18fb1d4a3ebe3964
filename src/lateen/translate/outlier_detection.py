"""Ejection of endpoints that fail (Envoy: `outlier_detection`)."""

from envoy.config.cluster.v3 import outlier_detection_pb2
from google.protobuf.wrappers_pb2 import UInt32Value

from lateen.api.destination_rule import OutlierDetection
from lateen.translate.message import optional_duration, optional_uint32, uint32

ALWAYS = 100
NEVER = 0


def outlier_detection(settings: OutlierDetection) -> outlier_detection_pb2.OutlierDetection:
    """Count errors in a row only; ejection by success rate is off (cluster_traffic_policy.go applyOutlierDetection)."""
    errors, gateway_errors = settings.consecutive_5xx_errors, settings.consecutive_gateway_errors
    built = outlier_detection_pb2.OutlierDetection(
        enforcing_success_rate=uint32(NEVER),
        consecutive_5xx=optional_uint32(errors),
        enforcing_consecutive_5xx=_enforcing(errors),
        consecutive_gateway_failure=optional_uint32(gateway_errors),
        enforcing_consecutive_gateway_failure=_enforcing(gateway_errors),
        interval=optional_duration(settings.interval),
        base_ejection_time=optional_duration(settings.base_ejection_time),
        max_ejection_percent=optional_uint32(settings.max_ejection_percent or None),
    )
    if settings.split_external_local_origin_errors:
        _split_local_errors(built, settings.consecutive_local_origin_failures or 0)
    return built


def _enforcing(errors: int | None) -> UInt32Value | None:
    """Enforce a count that is set; 0 switches it off."""
    return None if errors is None else uint32(ALWAYS if errors else NEVER)


def _split_local_errors(built: outlier_detection_pb2.OutlierDetection, failures: int) -> None:
    built.split_external_local_origin_errors = True
    if failures:
        built.consecutive_local_origin_failure.value = failures
        built.enforcing_consecutive_local_origin_failure.value = ALWAYS
    built.enforcing_local_origin_success_rate.SetInParent()
