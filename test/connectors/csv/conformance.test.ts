import { appendFile, copyFile, open, readFile, rename, stat, truncate, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Connector } from "../../../connectors/connector.ts";
import { csvConnector } from "../../../connectors/csv/csv-connector.ts";
import { type Adapter, type Contents, describeConnector, type Made } from "../conformance.ts";
import { type CsvFolder, csv, csvFolder, csvRows, SETTINGS } from "./files.ts";

const FILES = ["users", "groups", "members"] as const;

/** What is wrong in one row of one file from the beginning; the row's text is what the file has there. */
const ROWS: Record<string, (row: string, file: (typeof FILES)[number]) => string | Buffer | null> = {
  "bytes that are no UTF-8": (row) => Buffer.concat([Buffer.from([0xff]), Buffer.from(row)]),
  "a character cut in two": (row) => Buffer.concat([Buffer.from([0xe2, 0x82]), Buffer.from(row)]),
  "a cell too many": (row) => row.replace("\r\n", ",more\r\n"),
  "a cell too few": (row) => row.replace(/,[^,]*\r\n$/, "\r\n"),
  "a quote that never ends": (row) => `"${row}`,
  "a quote inside a cell": (row) => `a"${row}`,
  "something behind a quote": (row) => `"a"b${row}`,
  "a NUL": (row) => `\0${row}`,
  "no id": (row, file) => (file === "members" ? `,,\r\n` : row.replace(/^[^,]*/, "")),
  "space around the id": (row, file) => (file === "members" ? null : ` ${row}`),
  "a row cut off": (row) => row.slice(0, 3),
};

/** What happens to a file while it is read, between one page and the next. */
const CHANGES: Record<string, (file: string) => Promise<void>> = {
  "the file is cut": (file) => truncate(file, 20),
  "the file grows": (file) => appendFile(file, "\r\n"),
  "the file is emptied": (file) => truncate(file, 0),
  "the file is replaced by one like it": async (file) => {
    await copyFile(file, `${file}.new`);
    const { atime, mtime } = await stat(file);
    await utimes(`${file}.new`, atime, mtime);
    await rename(`${file}.new`, file);
  },
  "the file is taken away": (file) => unlink(file),
  "a byte is changed and the time set back": async (file) => {
    const { atime, mtime } = await stat(file);
    const handle = await open(file, "r+");
    await handle.write("X", (await handle.stat()).size - 5);
    await handle.close();
    await utimes(file, atime, mtime);
  },
};

async function written(contents: Contents): Promise<{ folder: CsvFolder; made: Made }> {
  const folder = await csvFolder();
  const rows = csvRows(contents);
  for (const file of FILES) await folder.write(`${file}.csv`, csv(rows[file]));
  const connector = csvConnector(SETTINGS, folder.path);
  return { folder, made: { connector, secrets: [], held: folder.held, remove: folder.remove } };
}

/** Its read does something right before page `page` is asked for. */
function struck({ read, test }: Connector, page: number, strike: () => Promise<void>): Connector {
  return {
    test,
    async *read(signal) {
      const pages = read(signal);
      try {
        for (let number = 1; ; number++) {
          if (number === page) await strike();
          const next = await pages.next();
          if (next.done) return next.value;
          yield next.value;
        }
      } finally {
        await pages.return(undefined as never);
      }
    },
  };
}

const adapter: Adapter = {
  id: (number) => `id-${number}`,
  make: async (contents) => (await written(contents)).made,
  faults: [...Object.keys(ROWS), ...Object.keys(CHANGES)],
  broken: async (contents, fault, page) => {
    const { folder, made } = await written(contents);
    const damage = ROWS[fault];
    if (damage !== undefined) {
      // The page is the row, all files counted on.
      let row = page;
      for (const file of FILES) {
        const path = join(folder.path, `${file}.csv`);
        const lines = (await readFile(path, "utf8")).split(/(?<=\r\n)/);
        const line = lines[row];
        if (line !== undefined) {
          const damaged = damage(line, file) ?? "\0";
          const rest = fault === "a row cut off" ? [] : lines.slice(row + 1);
          await folder.write(
            `${file}.csv`,
            Buffer.concat([...lines.slice(0, row), damaged, ...rest].map((part) => Buffer.from(part))),
          );
          return made;
        }
        row -= lines.length - 1;
      }
      await folder.remove();
      return null;
    }
    // Files are opened together with the first page, and looked at once more after the last of three.
    const [file, at] = [FILES[(page - 1) % 3], Math.floor((page - 1) / 3) + 2];
    if (at > 4) {
      await folder.remove();
      return null;
    }
    const change = CHANGES[fault] ?? (() => Promise.reject(new Error(`no fault ${fault}`)));
    return { ...made, connector: struck(made.connector, at, () => change(join(folder.path, `${file}.csv`))) };
  },
};

describeConnector("csv", adapter);
