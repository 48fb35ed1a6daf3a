# The node as an image for linux/arm64 and linux/amd64. Data, bundles and configuration are mounted, keys come from the environment:
#   mkdir -p data && sudo chown 1000 data        # the user of the image
#   docker run -v ./data:/data -v ./config:/app/config:ro --env-file .env -e HOST=0.0.0.0 -p 8080:8080 data-node
# One mount for data and bundles: bundles are hard links, which no two mounts share. Not built where it was written, for want of Docker.
FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY functions functions
COPY db db
COPY config config
COPY test test
RUN npm ci && rm -rf dist/test && find dist -name '*.map' -delete && npm prune --omit=dev --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production CONFIG_DIR=/app/config CRON_FILE=/app/cron.json HOST=0.0.0.0 DATA_ROOT=/data/data_layer EXPORT_ROOT=/data/exports
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json cron.json ./
COPY config config
COPY migrations migrations
RUN ln -s /app/dist/functions/_cli/main.js /usr/local/bin/data-node && chmod +x dist/functions/_cli/main.js && mkdir -p /data/data_layer /data/exports && chown -R node:node /data
USER node
EXPOSE 8080
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/functions/_runtime/serve.js"]
