# Muster as an ordinary user: HTTP on port 8080, everything that it keeps in /home/node/muster/data.
FROM node:24-bookworm-slim
USER node
RUN mkdir -p /home/node/muster/data
WORKDIR /home/node/muster
# npm ci builds the console from its sources and from docs/; what only that needs goes again in the same layer.
COPY --chown=node:node package.json package-lock.json tsconfig.json ./
COPY --chown=node:node docs docs
COPY --chown=node:node src/console src/console
RUN npm ci --no-audit --no-fund && npm prune --omit=dev --no-audit --no-fund
COPY --chown=node:node config config
COPY --chown=node:node connectors connectors
COPY --chown=node:node migrations migrations
COPY --chown=node:node src src
ENV NODE_ENV=production MUSTER_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME /home/node/muster/data
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-proto=delete", "--import", "./src/check-node.mjs", "src/main.ts"]
CMD ["start"]
