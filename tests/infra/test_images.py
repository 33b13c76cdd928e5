"""Images on their way to the registry: built once, named by digest, with whatever engine is here."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from infra.deployment.images import (
    CommandEngine,
    find_engine,
    mark_in_use,
    pushed_image,
    unmark_others,
    version_of_source,
)
from infra.errors import ImageFault

from .combinations import rendered

MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'


class PretendingEngine:
    """An engine that puts an image into ECR without building one."""

    def __init__(self, ecr) -> None:
        self.ecr, self.pushed = ecr, []

    def push(self, program, image, *, platform, password):
        self.pushed.append((program, image, platform))
        assert password
        name, _, tag = image.partition("/")[2].rpartition(":")
        self.ecr.put_image(repositoryName=name, imageTag=tag, imageManifest=MANIFEST)


def test_images_are_named_by_digest_and_pushed_once(operator):
    """A version is built once for a platform, another platform's is another image; what is deployed is a digest."""
    ecr = operator.clients.ecr
    repository = ecr.create_repository(repositoryName="dynamodb-reporting/exporter")["repository"]["repositoryUri"]
    engine = PretendingEngine(ecr)
    images = {pushed_image(ecr, engine, "exporter", repository, "abc", "ARM64") for _ in range(2)}
    assert engine.pushed == [("exporter", f"{repository}:abc-arm64", "linux/arm64")]
    pushed_image(ecr, engine, "exporter", repository, "abc", "X86_64")
    assert engine.pushed[1:] == [("exporter", f"{repository}:abc-x86_64", "linux/amd64")]
    (image,) = images
    assert image.startswith(f"{repository}@sha256:")


def test_deploy_builds_what_is_not_named(operator):
    """Without images by name, the registry's stack is made and both are pushed first, each for its own platform."""
    engine = PretendingEngine(operator.clients.ecr)
    operator.environment.parameters["ExporterArchitecture"] = "ARM64"  # type: ignore[index]
    deployment = operator.deployment(find_engine=lambda: engine)
    deployment.images = {}
    deployment.deploy(export=False)
    pushed = [(program, platform) for program, _, platform in engine.pushed]
    assert pushed == [("exporter", "linux/arm64"), ("dashboard", "linux/amd64")]
    assert "@sha256:" in operator.stacks.parameters("reports-test")["ExporterImage"]
    assert "reports-registry" in operator.stack_names()


def test_the_shared_registry_belongs_to_no_environment(operator):
    """Its stack has the tags of the installation that makes it but for `environment`, which the next would change."""
    deployment = operator.deployment(find_engine=lambda: PretendingEngine(operator.clients.ecr))
    deployment.images = {}
    deployment.deploy(export=False)
    found = operator.clients.cloudformation.describe_stacks()["Stacks"]
    tags = {stack["StackName"]: {tag["Key"]: tag["Value"] for tag in stack["Tags"]} for stack in found}
    assert tags["reports-registry"] == {"project": "reports"}
    assert tags["reports-test"] == tags["reports-test-dashboard"] == {"project": "reports", "environment": "test"}


def test_a_machine_without_an_engine_changes_nothing(operator):
    """Where nothing can build an image, nothing is made in the account."""

    def none_here():
        raise ImageFault("neither docker nor podman nor buildah is here")

    deployment = operator.deployment(find_engine=none_here)
    deployment.images = {}
    with pytest.raises(ImageFault):
        deployment.deploy()
    assert operator.stack_names() == set()


def test_an_engine_that_fails_says_why(tmp_path):
    """The last lines of a failed build reach the operator, and the password never stands in a command line."""
    script = tmp_path / "engine"
    script.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\n[ "$1" != push ] || { echo "denied: no such repository" >&2; exit 1; }\n'
    )
    script.chmod(0o755)
    with pytest.raises(ImageFault, match="denied: no such repository"):
        CommandEngine(str(script), tmp_path).push(
            "exporter", "host/name:tag", platform="linux/amd64", password="secret-1"
        )
    log = (tmp_path / "engine.log").read_text()
    assert "--platform linux/amd64" in log
    assert "secret-1" not in log


@pytest.mark.parametrize(
    ("engine", "single"), [("docker", "--provenance=false --sbom=false"), ("podman", "--format docker")]
)
def test_an_image_is_one_manifest(tmp_path, monkeypatch, engine, single):
    """Lambda refuses an index of images, which docker makes of an image and its provenance by default."""
    program = tmp_path / engine
    program.write_text('#!/bin/sh\necho "$@" >> "$0.log"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    CommandEngine(engine, tmp_path).push("exporter", "host/name:tag", platform="linux/arm64", password="secret-1")
    build, login, push = (tmp_path / f"{engine}.log").read_text().splitlines()
    labels = "--build-arg=VERSION=unknown --build-arg=REVISION=unknown"
    assert build == f"build --platform linux/arm64 {single} {labels} --file Dockerfile.exporter --tag host/name:tag ."
    assert (login, push) == ("login --username AWS --password-stdin host", "push host/name:tag")


def test_an_image_says_what_it_was_built_from(tmp_path):
    """Its labels are given the version of pyproject.toml and the commit, marked where there are uncommitted changes."""
    program = tmp_path / "engine"
    program.write_text('#!/bin/sh\necho "$@" >> "$0.log"\n')
    program.chmod(0o755)
    root = tmp_path / "source"
    root.mkdir()
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    commit = committed(root)
    CommandEngine(str(program), root).push("exporter", "host/name:tag", platform="linux/arm64", password="secret-1")
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.4"\n')
    CommandEngine(str(program), root).push("exporter", "host/name:tag", platform="linux/arm64", password="secret-1")
    clean, changed = (line for line in (tmp_path / "engine.log").read_text().splitlines() if line.startswith("build"))
    assert f" --build-arg=VERSION=1.2.3 --build-arg=REVISION={commit} " in clean
    assert f" --build-arg=VERSION=1.2.4 --build-arg=REVISION={commit}-dirty " in changed


@pytest.mark.parametrize(("daemon", "chosen"), [("exit 0", "docker"), ("exit 1", "podman"), (None, "podman")])
def test_docker_without_its_daemon_is_passed_over(tmp_path, monkeypatch, daemon, chosen):
    """Where docker's client is installed and nothing answers it, the next engine builds."""
    for command, script in (("docker", daemon), ("podman", "exit 1")):
        if script:
            (tmp_path / command).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / command).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine()._command == chosen  # type: ignore[attr-defined]
    (tmp_path / "podman").unlink()
    if chosen == "podman":
        with pytest.raises(ImageFault, match="neither docker with a daemon that runs nor podman nor buildah"):
            find_engine()


def committed(root: Path) -> str:
    """Commit what is in a folder, and return the commit."""
    run = lambda *words: subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True)  # noqa: E731
    run("init")
    run("add", ".")
    run("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--allow-empty", "-m", "a")
    return run("rev-parse", "HEAD").stdout.strip()


def test_the_version_is_the_commit(tmp_path):
    """A clean checkout is its commit; one with changes, or none at all, is unique."""
    assert version_of_source(tmp_path).startswith("source-")
    committed(tmp_path)
    assert len(version_of_source(tmp_path)) == 12
    (tmp_path / "file").touch()
    assert len(version_of_source(tmp_path)) > 20


def test_an_image_in_use_keeps_its_mark_until_another_replaces_it(operator):
    """Each installation marks what it deploys; another installation's mark and older versions' own tags stay."""
    ecr = operator.clients.ecr
    name = "dynamodb-reporting/exporter"
    uri = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    images = []
    for number in range(2):
        manifest = MANIFEST.replace('"layers": []', f'"layers": [], "annotations": {{"n": "{number}"}}')
        put = ecr.put_image(repositoryName=name, imageTag=f"v{number}", imageManifest=manifest)["image"]
        images.append(f"{uri}@{put['imageId']['imageDigest']}")
    mark_in_use(ecr, images[0], "reports")
    mark_in_use(ecr, images[0], "reports-test")
    mark_in_use(ecr, images[1], "reports")
    mark_in_use(ecr, images[1], "reports")
    unmark_others(ecr, images[1], "reports")
    first, second = (image.rpartition(":")[2][:12] for image in images)
    tags = {one["imageTag"] for one in ecr.list_images(repositoryName=name)["imageIds"]}
    assert tags == {"v0", "v1", f"in-use.reports-test.{first}", f"in-use.reports.{second}"}


def test_the_life_cycle_rule_never_expires_an_image_in_use():
    """ECR keeps what an earlier rule selects from later rules, so the first rule selects the marks and expires none."""
    for repository in ("Exporter", "Dashboard"):
        policy = rendered("registry").resources[repository]["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
        first, second = json.loads(policy)["rules"]
        assert (first["rulePriority"], second["rulePriority"]) == (1, 2)
        assert first["selection"]["tagPrefixList"] == ["in-use."]
        assert first["selection"]["countNumber"] == 10000
        assert (second["selection"]["tagStatus"], second["selection"]["countNumber"]) == ("any", 30)


def test_deploy_marks_what_it_deployed(operator):
    """After a deployment both running images carry the installation's mark."""
    engine = PretendingEngine(operator.clients.ecr)
    deployment = operator.deployment(find_engine=lambda: engine)
    deployment.images = {}
    deployment.deploy(export=False)
    for program in ("exporter", "dashboard"):
        found = operator.clients.ecr.list_images(repositoryName=f"dynamodb-reporting/{program}")["imageIds"]
        assert [one["imageTag"].rpartition(".")[0] for one in found if "in-use" in one["imageTag"]] == [
            "in-use.reports-test"
        ]
