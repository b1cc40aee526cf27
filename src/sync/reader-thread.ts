/** The thread that a directory is read in, as a program (reader.ts begins it and hears it). */
import { parentPort, workerData } from "node:worker_threads";
import { ConnectorError } from "../../connectors/connector.ts";
import { makeConnector } from "../../connectors/index.ts";
import { Database } from "../db/connection.ts";
import { isMusterError } from "../errors.ts";
import { readInto } from "./read.ts";
import type { ReaderMessage, ReaderTask, ToldError } from "./reader.ts";

const { connection, organization, source, filesFolder, ...task } = workerData as ReaderTask;
const port = parentPort;
const tell = (message: ReaderMessage): void => port?.postMessage(message);
const stopping = new AbortController();
port?.on("message", () => stopping.abort());

const db = new Database(connection);
try {
  const connector = await makeConnector(source.kind, source.settings, source.secret, { filesFolder });
  const read = await readInto(db.of(organization), connector, task, stopping.signal, {
    onPage: (entries) => tell({ of: "page", entries }),
    onFull: () => tell({ of: "full" }),
    onNoMark: (detail) => tell({ of: "no-mark", detail }),
  });
  tell({ of: "read", read });
} catch (error) {
  tell({ of: "error", error: told(error) });
} finally {
  await db.close();
  // Nothing is listened for any more, so that the thread ends when its connections have.
  port?.close();
}

/** An error loses its class between threads. */
function told(error: unknown): ToldError {
  if (error instanceof ConnectorError)
    return { of: "connector", code: error.code, detail: error.detail, hint: error.hint };
  if (isMusterError(error))
    return { of: "muster", code: error.code, detail: error.message, at: error.at, retryAfter: error.retryAfter };
  return { of: "fault", detail: error instanceof Error ? error.message : String(error) };
}
