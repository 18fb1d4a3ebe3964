"""What every API struct shares: how its fields are spelled, and that unknown ones are refused.

Field rules, everywhere in this package:

- an attribute carries the name of the proto field; the YAML spelling is its lowerCamelCase form;
- unset is None, an empty tuple (repeated) or an empty dict (map): no default of Istio or Envoy is applied here;
- a field that the proto calls REQUIRED has its zero value instead of None, and `api.check` reports it when missing;
- an empty string or a zero in a field without presence means the same as unset, so ask `if field:`, not `is None`.
"""

import re
from typing import Annotated, ClassVar

from msgspec import Meta as Bounds
from msgspec import Struct

Int32 = Annotated[int, Bounds(ge=-(2**31), le=2**31 - 1)]
UInt32 = Annotated[int, Bounds(ge=0, le=2**32 - 1)]
UInt64 = Annotated[int, Bounds(ge=0)]


def json_name(name: str) -> str:
    """Say how YAML spells a proto field: `retry_on` is `retryOn`, `consecutive_5xx_errors` is `consecutive5xxErrors`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def kubernetes_name(name: str) -> str:
    """Say how Kubernetes spells a field: as `json_name`, but `cluster_ip` is `clusterIP` and `pod_cidr` is `podCIDR`."""
    return re.sub(r"(Ip|Cidr)(?=s?(?:[A-Z]|$))", lambda found: found[0].upper(), json_name(name))


class Message(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
    rename=json_name,
):
    """One message of Istio's API: a frozen value that knows every field it may have."""

    oneofs: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of fields of which at most one may be set."""


class OneOf(Message, frozen=True):
    """A message with at least one group of mutually exclusive fields."""

    def __post_init__(self) -> None:
        """Refuse a value that sets two members of one group, as jsonpb does."""
        for group in self.oneofs:
            chosen = [name for name in group if getattr(self, name) is not None]
            if len(chosen) > 1:
                raise ValueError(f"{' and '.join(json_name(name) for name in chosen)} exclude each other")


class KubernetesMessage(
    Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, rename=kubernetes_name
):
    """One object type of Kubernetes: fields that Lateen does not use are accepted and dropped."""

    oneofs: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of fields of which at most one may be set."""
