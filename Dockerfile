# The node as an image for linux/arm64 and linux/amd64. Data, bundles and configuration are mounted, keys come from the environment:
#   docker run -v ./data_layer:/data/data_layer -v ./exports:/data/exports -e DATA_NODE_TOKEN -e FRED_API_KEY -p 8080:8080 data-node
FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY functions functions
COPY db db
COPY config config
COPY test test
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_ROOT=/data/data_layer EXPORT_ROOT=/data/exports
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json cron.json ./
COPY config config
COPY migrations migrations
RUN mkdir -p /data/data_layer /data/exports && chown -R node:node /data
USER node
EXPOSE 8080
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/functions/_runtime/serve.js"]
