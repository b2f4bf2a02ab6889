# Builds the server's image: installed, compiled and pruned in one stage; the other holds the result, and neither shell nor package manager.
# Any Debian with Node and npm serves as the base of the first stage; its C library goes into the second. Pin it by digest for releases.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# A package of this repository stands in for sqlite3 (see docs/decisions/0003): npm links to it.
COPY libs/cache/sqlite3 libs/cache/sqlite3
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json LICENSE ./
COPY apps apps
COPY libs libs
RUN node node_modules/@nestjs/cli/bin/nest.js build
COPY examples examples
COPY deploy/image deploy/image
# What else the image can reach: aws-kms, onnx. Each is a layer of its own, and empty unless it is named here.
ARG PROVIDERS=""
ARG SOURCE_DATE_EPOCH=0
RUN node deploy/image/assemble.mjs /build /image ${PROVIDERS}

FROM scratch
LABEL org.opencontainers.image.title="resk-caching" \
      org.opencontainers.image.description="Self-hosted cache for LLM answers: exact and similar hits, sealed at rest, in front of your vector database." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/local/bin NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
COPY --from=build /image/system /
COPY --from=build --chown=10001:10001 /image/state /
COPY --from=build /image/packages /
COPY --from=build /image/aws-kms /
COPY --from=build /image/onnx /
COPY --from=build /image/app /
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["node", "/app/health.mjs"]
CMD ["node", "--enable-source-maps", "dist/apps/server/src/main.js"]
