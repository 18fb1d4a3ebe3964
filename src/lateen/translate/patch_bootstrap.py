"""Patches of a proxy's bootstrap, which apply when it starts; a bootstrap can only be merged into."""

from collections.abc import Iterable

import msgspec
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from google.protobuf import json_format

from lateen.model.envoy_filters import Context
from lateen.translate.patch import Patch
from lateen.translate.patch_run import Run
from lateen.translate.patch_value import decoded


def patched(text: bytes, patches: Iterable[Patch]) -> bytes:
    """Return a bootstrap in proto JSON after all patches; patches of every context are for it, as in Istio."""
    found = [one for one in patches if one.apply_to == "BOOTSTRAP" and one.merges]
    if not found:
        return text
    own = decoded("BOOTSTRAP", msgspec.json.decode(text))
    assert own.body is not None, own.problem
    bootstrap, run = Bootstrap.FromString(own.body), Run(Context.GATEWAY, ())
    for patch in found:
        run.merge(bootstrap, patch)
    return json_format.MessageToJson(bootstrap, preserving_proto_field_name=True).encode()
