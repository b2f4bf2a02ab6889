# Builds the server's image: sources compiled in one stage, packages for production in another, neither compiler nor root in the last.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# A package of this repository stands in for sqlite3 (see docs/decisions/0003): npm links to it.
COPY libs/cache/sqlite3 libs/cache/sqlite3
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
RUN node node_modules/@nestjs/cli/bin/nest.js build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY libs/cache/sqlite3 libs/cache/sqlite3
# Optional packages stay, for @keyv/sqlite is one; the Node that they bring for bare machines does not: the image has its own.
RUN npm ci --omit=dev && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/.package-lock.json

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown 10001:10001 /data
COPY --from=packages /app ./
COPY --from=build /app/dist/apps dist/apps
COPY --from=build /app/dist/libs dist/libs
COPY apps/cli/bin apps/cli/bin
COPY apps/cli/templates apps/cli/templates
COPY LICENSE ./
USER 10001:10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/apps/server/src/main.js"]
