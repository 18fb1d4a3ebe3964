"""What a pod is called on this machine: its directory, and its namespaces at the warden.

Pods of two Kubernetes namespaces may have one name, a directory may not; and a name is part of a UNIX socket's path.
"""

import hashlib
import re
from typing import Final

from lateen.api.meta import Ref

LONGEST: Final = 46
"""`server.state` leaves this much for a pod's directory."""
LONGEST_HOST_NAME: Final = 63  # HOST_NAME_MAX is 64; Kubernetes cuts a pod's name at 63
_HOME: Final = "default"
_DIGEST: Final = 8
# Names beginning with @ are the warden's own; everything else that leads out of a directory has a slash or only dots.
_PLACE: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._@-]*")


class BadPlaceError(ValueError):
    """The text cannot name a directory of its own."""


def place_of(pod: Ref) -> str:
    """Return the pod's name, and outside of `default` its namespace; what is too long is cut, with a digest.

    >>> place_of(Ref("Pod", "default", "web")), place_of(Ref("Pod", "team", "web"))
    ('web', 'web@team')
    """
    whole = pod.name if pod.namespace == _HOME else f"{pod.name}@{pod.namespace}"
    if len(whole) <= LONGEST:
        return whole
    digest = hashlib.blake2b(whole.encode(), digest_size=_DIGEST // 2).hexdigest()
    return f"{whole[: LONGEST - _DIGEST - 1]}-{digest}"


def host_name(pod: Ref) -> str:
    """Return what the pod's programs call their machine.

    >>> host_name(Ref("Pod", "team", "web"))
    'web'
    """
    return pod.name[:LONGEST_HOST_NAME].rstrip("-.")


def checked(place: str) -> str:
    """Return the place.

    Raises:
        BadPlaceError: it would be a directory elsewhere, or one of the warden's own names.
    """
    if not _PLACE.fullmatch(place):
        raise BadPlaceError(f"{place!r} cannot name a pod")
    return place
