#!/bin/sh
# `make sbom`: a bill of materials per image, from what its lock file installs: names, versions and digests.
set -eu
cd -P -- "$(dirname -- "$0")/.."
mkdir -p build/sbom
for image in exporter dashboard local; do
    .venv/bin/uvx --quiet --from 'cyclonedx-bom>=7.1,<8' cyclonedx-py requirements "requirements-$image.lock" \
        --output-reproducible --output-file "build/sbom/$image.cdx.json"
    echo "build/sbom/$image.cdx.json"
done
