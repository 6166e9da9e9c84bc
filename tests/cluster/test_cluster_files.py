"""The cluster files: valid to Ray's launcher, and free of what its schema lets through."""

import copy
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[2]
LAUNCHER_FILES = ["cluster.yaml", "cluster.local.yaml"]

#: What Ray would fill in by itself, from `ray/autoscaler/PROVIDER/defaults.yaml`.
SAID = {
    "cluster_name",
    "file_mounts",
    "initialization_commands",
    "setup_commands",
    "head_setup_commands",
    "worker_setup_commands",
    "head_start_ray_commands",
    "worker_start_ray_commands",
}
#: The parameters of EC2's RunInstances that the file uses, and Ray's own SubnetIds.
NODE_CONFIG = {
    "InstanceType",
    "ImageId",
    "KeyName",
    "SubnetIds",
    "SecurityGroupIds",
    "IamInstanceProfile",
    "MetadataOptions",
    "BlockDeviceMappings",
}
IMDS = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}


def read(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def complaints(config):
    """What is wrong with a launcher file although Ray's schema takes it."""
    yield from (f"{key} is left to Ray" for key in sorted(SAID - set(config)))
    if legacy := {"min_workers", "head_node", "worker_nodes"} & set(config):
        yield f"{legacy} is ignored by Ray"
    for source in config.get("file_mounts", {}).values():
        if source != "./secrets" and not (ROOT / source).exists():
            yield f"{source} does not exist"
    yield from command_complaints(config)
    if config["provider"]["type"] == "aws":
        yield from aws_complaints(config)


def command_complaints(config):
    text = yaml.dump(config)
    if "0.0.0.0" in text:
        yield "something listens on all interfaces"
    if re.search(r"RAY_AUTH_TOKEN=", text):
        yield "a token in a command is logged"
    for command in config.get("setup_commands", []) + config.get("head_setup_commands", []):
        if "pip install" in command and not re.search("pip install.*--require-hashes", command):
            yield f"unlocked: {command}"
    starts = [c for k in config if k.endswith("_start_ray_commands") for c in config[k]]
    for command in (c for c in starts if "ray start" in c):
        if not {"RAY_AUTH_MODE=token", "RAY_AUTH_TOKEN_PATH=~/secrets/auth_token"} <= set(
            re.split(r"[\s;]+", command)
        ):
            yield "ray start without a token"
        if "--head" in command and "--dashboard-host=127.0.0.1" not in command.split():
            yield "the dashboard is not on loopback"
        if "--head" in command and announced(command) != gpus(config):
            yield f"gpus_at_most is not {gpus(config)}"


def announced(command):
    match = re.search(r'--resources=\'{"gpus_at_most": (\d+)}\'', command)
    return int(match[1]) if match else 0


def gpus(config):
    """GPUs of the whole cluster; hosts of one's own have one each."""
    types = config.get("available_node_types", {}).values()
    if config["provider"]["type"] == "local":
        return len(config["provider"]["worker_ips"])
    return sum(kind["max_workers"] * kind["resources"].get("GPU", 0) for kind in types)


def aws_complaints(config):
    if config["provider"].get("cache_stopped_nodes") is not False:
        yield "stopped nodes are kept, and paid for"
    if "security_group" in config["provider"]:
        yield "provider.security_group adds to rules that open SSH, it does not replace them"
    for name, kind in config["available_node_types"].items():
        node, is_head = kind["node_config"], name == config["head_node_type"]
        if kind.get("min_workers", 0) > kind.get("max_workers", config["max_workers"]):
            yield f"{name}: min_workers > max_workers"
        known = NODE_CONFIG if is_head else NODE_CONFIG | {"InstanceMarketOptions"}
        yield from (f"{name}: unknown {key}" for key in sorted(set(node) - known))
        yield from (f"{name}: no {key}" for key in sorted(known - set(node)))
        if not node.get("SecurityGroupIds"):
            yield f"{name}: Ray would open SSH to the world"
        if node.get("MetadataOptions") != IMDS:
            yield f"{name}: a job could take the node's role"
        for volume in node.get("BlockDeviceMappings", []):
            if volume["Ebs"].get("Encrypted") is not True:
                yield f"{name}: a volume is not encrypted"
        if is_head and (kind["resources"]["CPU"] or kind["resources"]["GPU"]):
            yield "the head would train"
        if not re.fullmatch(r"ami-[0-9a-f]{17}", str(node.get("ImageId"))):
            yield f"{name}: the image is not pinned"
    if not any("drain_on_spot_notice.sh" in c for c in config.get("worker_start_ray_commands", [])):
        yield "nobody watches for spot notices"


@pytest.mark.parametrize("name", LAUNCHER_FILES)
def test_ray_takes_the_file(name):
    prepared = prepare_config(read(name))
    validate_config(prepared)
    assert list(complaints(read(name))) == []
    said = {key: read(name)[key] for key in SAID if key.endswith("start_ray_commands")}
    assert {key: prepared[key] for key in said} == said
    assert not any("pip install ray" in command for command in prepared["setup_commands"])


def replaced(*path, value=None, text=None):
    """A change of a file: the value at a path, or one text in it, replaced; None removes."""

    def apply(config):
        *parents, last = path
        for key in parents:
            config = config[key]
        if text:
            assert text[0] in config[last]
            config[last] = config[last].replace(*text)
        elif value is None:
            del config[last]
        else:
            config[last] = value

    return apply


HEAD, GPU = ("available_node_types", "head"), ("available_node_types", "gpu")
START, WORKER_START = ("head_start_ray_commands", 1), ("worker_start_ray_commands", 1)


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        (replaced(*HEAD, "min_workers", value=1), "head: min_workers > max_workers"),
        (replaced("file_mounts", "~/cluster", value="./clutser"), "./clutser does not exist"),
        (replaced(*GPU, "node_config", "InstanceTyp", value="x"), "gpu: unknown InstanceTyp"),
        (replaced(*GPU, "node_config", "InstanceMarketOptions"), "gpu: no InstanceMarketOptions"),
        (
            replaced(*HEAD, "node_config", "InstanceMarketOptions", value={"MarketType": "spot"}),
            "head: unknown InstanceMarketOptions",
        ),
        (replaced(*GPU, "node_config", "SecurityGroupIds"), "gpu: Ray would open SSH to the world"),
        (replaced(*GPU, "node_config", "MetadataOptions"), "gpu: a job could take the node's role"),
        (
            replaced(
                *GPU, "node_config", "BlockDeviceMappings", 0, "Ebs", "Encrypted", value=False
            ),
            "gpu: a volume is not encrypted",
        ),
        (replaced(*GPU, "node_config", "ImageId", value="latest"), "gpu: the image is not pinned"),
        (replaced(*HEAD, "resources", "CPU", value=4), "the head would train"),
        (replaced(*GPU, "max_workers", value=4), "gpus_at_most is not 4"),
        (replaced(*START, text=("127.0.0.1", "0.0.0.0")), "the dashboard is not on loopback"),
        (replaced(*START, text=("127.0.0.1", "0.0.0.0")), "something listens on all interfaces"),
        (replaced(*START, text=("RAY_AUTH_MODE=token", "")), "ray start without a token"),
        (replaced(*WORKER_START, text=("_PATH=~/secrets", "=x")), "ray start without a token"),
        (replaced(*WORKER_START, text=("_PATH=~/secrets", "=x")), "a token in a command is logged"),
        (replaced("worker_start_ray_commands", 2), "nobody watches for spot notices"),
        (replaced("cluster_name"), "cluster_name is left to Ray"),
        (replaced("setup_commands"), "setup_commands is left to Ray"),
        (replaced("head_start_ray_commands"), "head_start_ray_commands is left to Ray"),
        (replaced("head_setup_commands", value=["pip install ray"]), "unlocked: pip install ray"),
        (replaced("min_workers", value=1), "{'min_workers'} is ignored by Ray"),
        (replaced("provider", "cache_stopped_nodes"), "stopped nodes are kept, and paid for"),
        (
            replaced("provider", "security_group", value={"IpPermissions": []}),
            "provider.security_group adds to rules that open SSH, it does not replace them",
        ),
    ],
)
def test_a_planted_mistake_that_ray_takes_is_found(mistake, complaint):
    config = copy.deepcopy(read("cluster.yaml"))
    mistake(config)
    validate_config(prepare_config(copy.deepcopy(config)))
    assert complaint in list(complaints(config))


def test_gpus_of_ones_own_hosts_are_announced_too():
    config = read("cluster.local.yaml")
    config["provider"]["worker_ips"].append("10.0.0.13")
    assert list(complaints(config)) == ["gpus_at_most is not 3"]


@pytest.mark.parametrize("name", LAUNCHER_FILES)
def test_every_command_is_valid_shell(name):
    config = read(name)
    for key in (key for key in config if key.endswith("_commands")):
        for command in config[key]:
            subprocess.run(["bash", "-n", "-c", command], check=True)
