"""The dataset files are at the top of the repository, and inside `dataset_model` once installed.

Setuptools reads a folder's new place from here alone: `pyproject.toml` names either packages or a place to find them.
"""

from setuptools import find_packages, setup

PROGRAMS = ("dataset_model*", "sdk_session", "exporter*", "dashboard*", "local*", "infra*")

setup(
    packages=[*find_packages(include=PROGRAMS), "dataset_model.shipped"],
    package_dir={"dataset_model.shipped": "datasets"},
)
