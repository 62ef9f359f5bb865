# Media Mill in one image: `serve` (the default), `worker`, and every other command.
# Both bases are arguments: pin a digest, or use a mirror, with --build-arg. docs/containers.md
ARG BUILD_BASE=node:24.21.0-bookworm-slim
ARG BASE=debian:12.15-slim

# Builds the program and the page, and leaves what runs in /out.
FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# FFmpeg and Node are optional packages of npm; without them nothing runs. No package needs an install script.
RUN npm ci --include=dev --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . .
# `npm pack` builds, and takes what package.json says belongs to the program. npm keeps the compiler because a
# package names it as an optional peer; nothing that runs needs it.
RUN mkdir -p /out \
 && npm pack --pack-destination /tmp \
 && tar -xzf /tmp/mediamill-*.tgz -C /out --strip-components=1 \
 && npm prune --omit=dev --include=optional --ignore-scripts --no-audit --no-fund --loglevel=error \
 && mv node_modules /out/node_modules \
 && cd /out/node_modules \
 && rm -rf typescript .bin/tsc .bin/tsserver \
 && rm -rf node-linux-*/include node-linux-*/share node-linux-*/*.md .cache .package-lock.json \
 && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${BASE}
# The program brings its Node and its FFmpeg; of the system it needs the C library and perl, for exiftool.
COPY --from=build /out /opt/mediamill
RUN ln -s /opt/mediamill/node_modules/.bin/node /usr/local/bin/node \
 && ln -s /opt/mediamill/bin/mediamill.mjs /usr/local/bin/mediamill \
 && chmod 755 /opt/mediamill/bin/mediamill.mjs \
 && groupadd --gid 10001 mediamill \
 && useradd --uid 10001 --gid mediamill --no-create-home --home-dir /data --shell /usr/sbin/nologin mediamill \
 && install -d -o mediamill -g mediamill /data /data/input /data/output

ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/tmp/mediamill-cache \
    NODE_OPTIONS=--max-semi-space-size=4 \
    MEDIAMILL_SERVER_HOST=0.0.0.0 \
    MEDIAMILL_QUEUE_DATABASE=/data/mediamill.db \
    MEDIAMILL_STORAGE_INPUT_PATH=/data/input \
    MEDIAMILL_STORAGE_OUTPUT_PATH=/data/output \
    MEDIAMILL_STORAGE_S3_WORK_PATH=/data/work \
    MEDIAMILL_RECIPES_PATH=/data/recipes \
    MEDIAMILL_LOGGING_FORMAT=json \
    MEDIAMILL_MONITORING_WORKER_HOST=0.0.0.0 \
    MEDIAMILL_MONITORING_WORKER_PORT=9464

USER mediamill
WORKDIR /data
VOLUME /data
# The server, and the metrics and health of a worker.
EXPOSE 5000 9464
# A container that runs `worker` overrides this with `mediamill health --worker`.
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["mediamill", "health"]
# SIGTERM drains: running jobs get [processing] drain_seconds, so stop with a longer grace period than that.
STOPSIGNAL SIGTERM
ENTRYPOINT ["mediamill"]
CMD ["serve"]
