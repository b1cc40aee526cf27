import { ConnectorError } from "../connector.ts";
import type { OpenFile } from "./files.ts";
import { faultAt } from "./place.ts";
import { checkedUtf8 } from "./utf8.ts";

const LINE = /^([0-9a-f]{64}) [ *](?:\.\/)?(.+)$/;
const MAX_BYTES = 1024 * 1024;

/**
 * Compares the files with what `sha256sum` said of them; it names them relative to where its output stands.
 * @throws ConnectorError `incomplete` when a file is not listed or is another: it has not arrived whole, or is damaged.
 */
export async function compareSums(sums: OpenFile, files: readonly OpenFile[]): Promise<void> {
  const folder = sums.path.slice(0, sums.path.lastIndexOf("/") + 1);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of checkedUtf8(sums.chunks(), sums.path)) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new ConnectorError("limit", `${sums.path} is no list of checksums: it is too long`);
    parts.push(chunk);
  }
  const listed = new Map<string, string>();
  for (const [index, line] of Buffer.concat(parts).toString().split(/\r?\n/).entries()) {
    if (line === "") continue;
    const [, digest, name] = LINE.exec(line) ?? [];
    if (digest === undefined || name === undefined)
      throw faultAt({ file: sums.path, line: index + 1, column: 1 }, "is not what sha256sum writes");
    listed.set(`${folder}${name}`, digest);
  }
  for (const { path, digest } of files) {
    const wanted = listed.get(path);
    if (wanted === digest) continue;
    const why = wanted === undefined ? "does not name it" : "says otherwise";
    throw new ConnectorError("incomplete", `${path} may not have arrived whole: ${sums.path} ${why}`);
  }
}
