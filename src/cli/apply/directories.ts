import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import {
  addDirectory,
  type Directory,
  type DirectorySettings,
  listDirectories,
  updateDirectory,
} from "../../identity/directories.ts";
import { orderDirectories } from "../../identity/directory-order.ts";
import type { SecretKey } from "../../identity/secrets.ts";
import { isPulled, type PulledParts } from "./pulled-parts.ts";
import type { WantedDirectory } from "./schema.ts";
import { type Tally, updatedIf } from "./tally.ts";

/** What the files beside the YAML hold: settings and secret of each pulled directory, by its name; and the key for them. */
export type Secrets = { pulled: ReadonlyMap<string, PulledParts>; key(): SecretKey };

/** Directories and their order. Those that the file does not name keep their places. */
export async function applyDirectories(
  tx: Tx,
  wanted: readonly WantedDirectory[],
  secrets: Secrets,
  tally: Tally,
): Promise<void> {
  const held = await listDirectories(tx);
  for (const one of wanted) {
    const there = held.find((directory) => directory.name === one.name);
    tally.note(await applyDirectory(tx, there, one, secrets), `directory ${one.name}`);
  }
  const present = (await listDirectories(tx)).map((directory) => directory.name);
  const order = placed(
    present,
    wanted.map((one) => one.name),
  );
  const { changed } = await orderDirectories(tx, order);
  if (changed) tally.note("updated", `order of directories: ${order.join(", ")}`);
}

async function applyDirectory(tx: Tx, there: Directory | undefined, wanted: WantedDirectory, secrets: Secrets) {
  if (there && there.kind !== wanted.kind)
    throw new MusterError(
      "conflict",
      `the directory ${there.name} is of kind ${there.kind} and cannot become ${wanted.kind}`,
      { at: there.name },
    );
  const common = {
    domainPolicy: wanted.domainPolicy,
    authoritativeDomains: wanted.authoritativeDomains,
    ...(wanted.permissions && { permissions: wanted.permissions }),
  };
  const parts = secrets.pulled.get(wanted.name);
  const settings: Partial<DirectorySettings> =
    isPulled(wanted) && parts
      ? {
          ...common,
          firstRun: wanted.firstRun,
          syncEvery: wanted.every,
          deltaEvery: wanted.deltaEvery,
          settings: parts.settings,
        }
      : wanted.kind === "scim"
        ? {
            ...common,
            ...(wanted.profile && { profile: wanted.profile }),
            ...(wanted.requireIfMatch !== undefined && { requireIfMatch: wanted.requireIfMatch }),
          }
        : common;
  const secret = parts?.secret == null ? undefined : { key: secrets.key(), text: parts.secret };
  if (there) return updatedIf(await updateDirectory(tx, there.id, settings, secret));
  if (wanted.kind === "internal")
    throw new MusterError("invalid", "an organization has one directory of kind internal, which is called internal", {
      at: wanted.name,
    });
  await addDirectory(tx, { name: wanted.name, kind: wanted.kind, ...settings }, secret);
  return "created" as const;
}

/** All present names, the listed ones in the order of the list in the places that listed ones hold. */
export function placed(present: readonly string[], listed: readonly string[]): string[] {
  const names = new Set(listed);
  const inOrder = listed.values();
  return present.map((name) => (names.has(name) ? (inOrder.next().value ?? name) : name));
}
