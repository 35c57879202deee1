"""deploy/kubernetes.yaml is valid for Kubernetes, and for the server that it runs."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chat.settings.config import Config
from chat.settings.sources import read_config
from chat.shutdown import REAP, longest_stop

MANIFESTS = Path(__file__).parents[1] / "deploy/kubernetes.yaml"
VERSIONS = "1.30", "1.34"
"""Kubernetes' first version that knows the action `sleep` by default, and a later one."""


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    """The resources by their kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(MANIFESTS.read_text())}


@pytest.fixture
def container(manifests: dict[str, Any]) -> dict[str, Any]:
    (found,) = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def config(manifests: dict[str, Any], container: dict[str, Any]) -> Config:
    """The settings of a server that runs in the container."""
    assert [each["configMapRef"]["name"] for each in container["envFrom"]] == ["trio-chat"]
    return read_config(
        {}, manifests["ConfigMap"]["data"] | {each["name"]: "x" * 40 for each in container["env"]}
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepts_each_resource(manifests: dict[str, Any], version: str) -> None:
    for resource in manifests.values():
        kubernetes_validate.validate(resource, version, strict=True)
    misspelt = {**manifests["Service"], "specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, version, strict=True)


def test_the_servers_are_one_chat(
    manifests: dict[str, Any], container: dict[str, Any], config: Config
) -> None:
    assert manifests["Deployment"]["spec"]["replicas"] > 1
    assert config.bus is not None
    assert config.database_url is not None
    assert config.secret is not None
    mounted = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    kinds = {each["name"]: each for each in manifests["Deployment"]["spec"]["template"]["spec"]["volumes"]}
    assert "emptyDir" in kinds[mounted[str(config.data)]], "each has its own"
    shared = kinds[mounted[str(config.files)]]["persistentVolumeClaim"]["claimName"]
    assert shared == manifests["PersistentVolumeClaim"]["metadata"]["name"]
    assert manifests["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteMany"]


def test_ports_and_names_lead_to_the_server(
    manifests: dict[str, Any], container: dict[str, Any], config: Config
) -> None:
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert config.metrics_listen is not None
    assert ports == {"http": config.listen[0].port, "metrics": config.metrics_listen.port}
    (port,) = manifests["Service"]["spec"]["ports"]
    assert port["targetPort"] in ports
    labels = manifests["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        manifests["Deployment"]["spec"]["selector"]["matchLabels"],
        manifests["Service"]["spec"]["selector"],
        manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    (rule,) = manifests["Ingress"]["spec"]["rules"]
    assert config.public_url == f"https://{rule['host']}"
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": "trio-chat", "port": {"name": port["name"]}}


def test_a_server_has_the_time_to_stop_and_is_asked_what_it_answers(
    manifests: dict[str, Any], container: dict[str, Any], config: Config
) -> None:
    pod = manifests["Deployment"]["spec"]["template"]["spec"]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    stop = longest_stop(config.grace, config.commit_timeout, config.query_timeout) + REAP
    assert pod["terminationGracePeriodSeconds"] > stop + pause
    probes = {
        name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
    }
    assert probes == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
