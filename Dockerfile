# docker build -t carillon .
# compose.yaml beside it runs three nodes. In a container others than itself must reach a node, and such a node refuses
# to start unless it is told who may come in: give it --auth and a secret for its peers, as compose.yaml does.

FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY bin bin
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/carillon
COPY LICENSE package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
RUN ln -s /opt/carillon/dist/bin/carillon.js /usr/local/bin/carillon

# `node` of the image; by number, so that runAsNonRoot of Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 7400 7500
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["carillon", "health"]
ENTRYPOINT ["carillon"]
CMD ["start"]
