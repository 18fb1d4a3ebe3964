"""Write type stubs for Envoy's protobuf modules, from the descriptors that are installed.

`xds-protos` ships Python modules without types; mypy then knows nothing of Envoy's fields. protoc can make the
stubs from the descriptors alone: `python tools/proto_stubs.py OUTPUT_DIRECTORY`.
"""

import importlib
import pathlib
import pkgutil
import subprocess
import sys

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor

ROOTS = (
    "envoy.config",
    "envoy.extensions",
    "envoy.service.discovery",
    "envoy.type",
    "envoy.admin",
    "xds",
    "udpa",
)


def modules() -> list[str]:
    found = []
    for root in ROOTS:
        package = importlib.import_module(root)
        found += [
            m.name for m in pkgutil.walk_packages(package.__path__, root + ".") if m.name.endswith("_pb2")
        ]
    return found


def collect(names: list[str]) -> descriptor_pb2.FileDescriptorSet:
    files = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(descriptor: FileDescriptor) -> None:
        if descriptor.name in seen:
            return
        seen.add(descriptor.name)
        for dependency in descriptor.dependencies:
            add(dependency)
        descriptor.CopyToProto(files.file.add())

    for name in names:
        try:
            add(importlib.import_module(name).DESCRIPTOR)
        except (ImportError, TypeError) as error:  # a module of the wheel whose own dependency is missing
            print(f"no stub for {name}: {error}", file=sys.stderr)
    return files


def main(output: pathlib.Path) -> None:
    files = collect(modules())
    output.mkdir(parents=True, exist_ok=True)
    descriptors = output / "descriptors.bin"
    descriptors.write_bytes(files.SerializeToString())
    names = [f.name for f in files.file if f.name.startswith(("envoy/", "xds/", "udpa/", "validate/"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={descriptors}"]
    subprocess.run([*command, f"--pyi_out={output}", *names], check=True)
    descriptors.unlink()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
