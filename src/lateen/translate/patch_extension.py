"""Extensions that patches define, to be fetched by name."""

from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig

from lateen.translate.patch import Patch


def name_of(patch: Patch) -> str:
    """Return the name of the extension that an EXTENSION_CONFIG patch defines."""
    return TypedExtensionConfig.FromString(patch.value).name
