"""The RayJob manifest: known fields, a token, and a cluster that ends with its job."""

import copy
import shlex

import pytest
import yaml
from test_cluster_files import read, replaced
from test_cluster_nodes import locked

#: Fields of KubeRay's RayJob (ray.io/v1) at each level of the manifest, from its API reference;
#: a stand-in for the schema itself, which is installed with the operator.
FIELDS = {
    ("spec",): "activeDeadlineSeconds backoffLimit rayClusterSpec submitterPodTemplate metadata "
    "clusterSelector submitterConfig managedBy deletionStrategy entrypoint runtimeEnvYAML jobId "
    "submissionMode entrypointResources entrypointNumCpus entrypointNumGpus "
    "ttlSecondsAfterFinished shutdownAfterJobFinishes suspend",
    ("spec", "rayClusterSpec"): "suspend managedBy authOptions autoscalerOptions "
    "headServiceAnnotations enableInTreeAutoscaling gcsFaultToleranceOptions headGroupSpec "
    "rayVersion workerGroupSpecs",
    ("spec", "rayClusterSpec", "authOptions"): "mode",
    ("spec", "rayClusterSpec", "autoscalerOptions"): "resources image imagePullPolicy "
    "securityContext idleTimeoutSeconds upscalingMode version env envFrom volumeMounts",
    ("spec", "rayClusterSpec", "headGroupSpec"): "template headService enableIngress "
    "rayStartParams serviceType",
    ("spec", "rayClusterSpec", "workerGroupSpecs", 0): "suspend groupName replicas minReplicas "
    "maxReplicas idleTimeoutSeconds rayStartParams template scaleStrategy numOfHosts",
}
POD = (
    "serviceAccountName restartPolicy nodeSelector securityContext containers tolerations "
    "terminationGracePeriodSeconds"
)


def manifest_complaints(manifest):
    spec = manifest["spec"]
    for path, known in FIELDS.items():
        unknown = set(at(manifest, path)) - set(known.split())
        yield from (f"unknown {'.'.join(map(str, path))}.{key}" for key in sorted(unknown))
    cluster = spec["rayClusterSpec"]
    head, worker = cluster["headGroupSpec"], cluster["workerGroupSpecs"][0]
    if cluster.get("authOptions") != {"mode": "token"}:
        yield "no token"
    if not spec.get("shutdownAfterJobFinishes"):
        yield "the cluster outlives its job"
    if head["rayStartParams"].get("num-cpus") != "0":
        yield "the head would train"
    if head.get("serviceType") != "ClusterIP":
        yield "the head can be reached from outside"
    if worker["minReplicas"] > worker["maxReplicas"]:
        yield "minReplicas > maxReplicas"
    if f'\\"gpus_at_most\\": {worker["maxReplicas"]}}}' not in head["rayStartParams"]["resources"]:
        yield f"gpus_at_most is not {worker['maxReplicas']}"
    for group in (head, worker):
        pod = group["template"]["spec"]
        yield from (f"unknown pod field {key}" for key in sorted(set(pod) - set(POD.split())))
        container = pod["containers"][0]
        if container["resources"]["requests"] != container["resources"]["limits"]:
            yield "requests differ from limits"
        if container["image"].endswith(":latest") or ":" not in container["image"]:
            yield "the image is not pinned"


def at(manifest, path):
    for key in path:
        manifest = manifest[key]
    return manifest


CLUSTER = ("spec", "rayClusterSpec")
WORKER = (*CLUSTER, "workerGroupSpecs", 0)


def test_the_rayjob_is_in_order():
    manifest = read("kuberay/rayjob.yaml")
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayJob")
    assert list(manifest_complaints(manifest)) == []
    environment = yaml.safe_load(manifest["spec"]["runtimeEnvYAML"])["env_vars"]
    assert all(isinstance(value, str) for value in environment.values())
    assert shlex.split(manifest["spec"]["entrypoint"])[:3] == ["bsvae", "run", "quickstart"]
    version = manifest["spec"]["rayClusterSpec"]["rayVersion"]
    assert locked()["ray"] == version


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        (replaced(*CLUSTER, "authOption", value={}), "unknown spec.rayClusterSpec.authOption"),
        (replaced(*CLUSTER, "authOptions", value={"mode": "disabled"}), "no token"),
        (replaced("spec", "shutdownAfterJobFinishes"), "the cluster outlives its job"),
        (replaced(*CLUSTER, "headGroupSpec", "rayStartParams", "num-cpus"), "the head would train"),
        (
            replaced(*CLUSTER, "headGroupSpec", "serviceType", value="LoadBalancer"),
            "the head can be reached from outside",
        ),
        (replaced(*WORKER, "minReplicas", value=9), "minReplicas > maxReplicas"),
        (replaced(*WORKER, "maxReplicas", value=4), "gpus_at_most is not 4"),
        (replaced(*WORKER, "template", "spec", "nodeSelektor", value={}), "unknown pod field"),
        (
            replaced(*WORKER, "template", "spec", "containers", 0, "image", value="bsvae"),
            "the image is not pinned",
        ),
    ],
)
def test_a_planted_mistake_in_the_rayjob_is_found(mistake, complaint):
    manifest = copy.deepcopy(read("kuberay/rayjob.yaml"))
    mistake(manifest)
    assert any(found.startswith(complaint) for found in manifest_complaints(manifest))
