#!/bin/sh
# Takes out of a virtual environment what no running program reads. Usage: strip.sh FOLDER
#
# What is left alone on purpose: botocore's descriptions of other services (compressed, 25 MB for all of them; a client
# that is missing one is a surprise a year later) and those of pyarrow's shared libraries that its core loads by name.
set -eu
venv=$1

# Packages are in the lock file; nothing is installed into a running container.
"$venv/bin/python" -m pip uninstall --quiet --yes setuptools pip
rm -rf "$venv"/include "$venv"/share

for packages in "$venv"/lib/python3.*/site-packages; do
    # The tests of packages, but not modules that are merely called so (numpy.testing).
    find "$packages" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
    # Headers, Cython sources and static libraries are for compilers.
    rm -rf "$packages"/pyarrow/include "$packages"/pyarrow/src "$packages"/numpy/_core/include
    find "$packages" -type f \( -name '*.pxd' -o -name '*.pyx' -o -name '*.a' -o -name '*.h' -o -name '*.hpp' \) \
        -exec rm -f {} +
    # Arrow Flight, a network protocol: 33 MB that nothing here imports and no other part of pyarrow loads.
    rm -f "$packages"/pyarrow/*flight*.so* "$packages"/pyarrow/_pyarrow_cpp_tests*.so
    # Fortran's compilers.
    rm -rf "$packages"/numpy/f2py "$packages"/numpy/distutils
    # pydeck's own notebook front end; Streamlit draws maps with its bundle.
    rm -rf "$packages"/pydeck/nbextension
done
# Entry points of packages: the images start programs by `python -m`.
find "$venv/bin" -type f ! -name 'python*' -exec rm -f {} +
