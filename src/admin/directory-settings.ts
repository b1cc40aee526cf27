import { isConnectorKind, redirectingSettings, secretFault, settingsFault } from "../../connectors/index.ts";
import type { Directory } from "../identity/directories.ts";
import { settingsIn, text } from "./fields.ts";
import { pointer } from "./pointer.ts";
import { InvalidInput } from "./problem.ts";

/** What a pulled directory is read with. As `muster directory add` takes them; what it reads from files stands here as text. */
export const reading = { settings: settingsIn(100_000), secret: text(16_384) };

/** Settings that name files of the server. */
const FILES = ["caFile", "clientCertificateFile", "clientKeyFile"];

/** Files of the server are named on the server: who may write here need not be one who may read there. @throws InvalidInput */
export function checkSettings(kind: Directory["kind"], settings: Record<string, unknown>): void {
  const file = FILES.find((key) => Object.hasOwn(settings, key));
  const fault =
    kind === "csv"
      ? {
          path: [],
          message: "files of the server are named on the server, with muster directory add or set, or muster apply",
        }
      : file !== undefined
        ? { path: [file], message: "files of the server are named on the server; give what stands in them" }
        : isConnectorKind(kind)
          ? settingsFault(kind, settings)
          : undefined;
  if (fault) throw wrong(["settings", ...fault.path], fault.message);
}

/** @throws InvalidInput, which says nothing of what stands in the secret. */
export function checkSecret(kind: Directory["kind"], secret: string): void {
  const fault = isConnectorKind(kind) ? secretFault(kind, secret) : undefined;
  if (fault !== undefined) throw wrong(["secret"], fault);
}

/**
 * A secret that is held was given for where it went: whoever may write directories need not know it, and is not shown it
 * by sending it to a server of their own.
 * Before: `checkSettings` took `settings`, and no secret came with them. @throws InvalidInput
 */
export function refuseRedirectedSecret(directory: Directory, settings: Record<string, unknown>): void {
  const { kind, hasSecret } = directory;
  if (!hasSecret || !isConnectorKind(kind)) return;
  const changed = redirectingSettings(kind, directory.settings, settings);
  if (changed.length > 0)
    throw wrong(
      ["secret"],
      `must be given again with a change of ${changed.join(", ")}: the one that is held was not given for that`,
    );
}

function wrong(steps: readonly PropertyKey[], message: string): InvalidInput {
  return new InvalidInput([{ pointer: pointer(steps), code: "invalid", message }]);
}
