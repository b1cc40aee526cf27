import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { headerSchema, trailerSchema } from "../../../src/db/backup/form.ts";
import { framesOf } from "../../../src/db/backup/frames.ts";

/** Rows and hash of each table in a backup, by name. */
export async function contents(path: string): Promise<Record<string, { rows: number; sha256: string }>> {
  const frames: Buffer[] = [];
  for await (const frame of framesOf(createReadStream(path).pipe(createGunzip()))) frames.push(frame);
  const header = headerSchema.parse(JSON.parse(frames[0]?.toString() ?? ""));
  const { tables } = trailerSchema.parse(JSON.parse(frames.at(-1)?.toString() ?? ""));
  return Object.fromEntries(header.tables.map(({ name }, place) => [name, tables[place] ?? { rows: -1, sha256: "" }]));
}
