"""What the tests of EnvoyFilters share: patches from YAML, applied to messages from YAML."""

import pytest
import yaml
from google.protobuf import json_format

from lateen.api import facts
from lateen.api.decode import read_message
from lateen.api.envoy_filter import EnvoyFilter
from lateen.api.meta import Meta, Object, Ref
from lateen.compile.patches import value
from lateen.engine import Database
from lateen.model import envoy_filters
from lateen.translate.patch import Patch
from lateen.translate.patch_value import MESSAGES

FILTER = Ref("EnvoyFilter", "default", "test")


@pytest.fixture
def patches():
    """Read patches from the YAML of `configPatches`."""

    def read(text):
        spec, problems = read_message(EnvoyFilter, {"configPatches": yaml.safe_load(text)})
        assert not problems, problems
        db = Database()
        meta = Meta(name=FILTER.name, namespace=FILTER.namespace)
        facts.put(
            db, Object(api_version="networking.istio.io/v1alpha3", kind="EnvoyFilter", meta=meta, spec=spec)
        )
        return [
            Patch(
                ref=one.ref,
                index=one.index,
                apply_to=one.apply_to,
                operation=one.operation,
                match=one.match,
                value=value(db, one.ref, one.index).body,
            )
            for one in envoy_filters.config_patches(db, FILTER)
        ]

    return read


@pytest.fixture
def body():
    """Serialise a message that is written in YAML; `kind` is an `applyTo`."""

    def make(kind, text):
        message = MESSAGES[kind]()
        json_format.ParseDict(yaml.safe_load(text), message)
        return message.SerializeToString()

    return make


@pytest.fixture
def plain():
    """Read a serialised message as proto JSON."""

    def read(kind, found):
        return json_format.MessageToDict(MESSAGES[kind].FromString(found), preserving_proto_field_name=True)

    return read
