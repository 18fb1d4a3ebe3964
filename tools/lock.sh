#!/usr/bin/env bash
# Resolve pyproject.toml into requirements*.lock: exact versions with hashes and no index address.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -m pip install --quiet pip-tools
flags=(--quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate)
.venv/bin/pip-compile "${flags[@]}" --output-file requirements.lock pyproject.toml
.venv/bin/pip-compile "${flags[@]}" --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
