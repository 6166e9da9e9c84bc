#!/usr/bin/env bash
# Takes this node out of its Ray cluster when EC2 announces that it wants the spot instance back.
#
#   RAY_ADDRESS=HEAD:6379 drain_on_spot_notice.sh
#
# EC2 gives about two minutes' notice in the instance's metadata (IMDSv2).  A node that is drained
# first starts nothing new, and losing it does not count as a failure of the packs that it trained.
set -u
metadata=${METADATA_URL:-http://169.254.169.254}/latest
pause=${PAUSE:-5} # seconds between questions, as EC2 recommends

exec 9> "${TMPDIR:-/tmp}/drain_on_spot_notice.lock"
flock --nonblock 9 || exit 0 # one watcher is enough

notice() {
  local token
  token=$(curl -sf -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token") &&
    curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/spot/instance-action"
}

seconds_left() { # of {"action": "terminate", "time": "2026-01-31T08:22:00Z"}; two minutes if unclear
  local at
  at=$(date -d "$(sed -n 's/.*"time": *"\([0-9TZ:-]*\)".*/\1/p' <<< "$1")" +%s 2> /dev/null)
  local left=$((${at:-0} - $(date +%s)))
  if ((left < 0 || left > 120)); then left=120; fi
  echo "$left"
}

this_node() { # without its id, 'ray drain-node' would start a Ray of its own and drain that
  python -c 'import ray; ray.init(logging_level="ERROR", log_to_driver=False)
print(ray.get_runtime_context().get_node_id())'
}

until text=$(notice); do sleep "$pause"; done
echo "$(date -u +%FT%TZ) notice: $text"
until node=$(this_node) && [ -n "$node" ] && ray drain-node --address "$RAY_ADDRESS" \
  --node-id "$node" --reason DRAIN_NODE_REASON_PREEMPTION --reason-message "EC2 spot notice" \
  --deadline-remaining-seconds "$(seconds_left "$text")"; do sleep 1; done
echo "$(date -u +%FT%TZ) drained $node"
