import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from "yaml";
import type { z } from "zod";
import { MusterError } from "../../errors.ts";
import { readInput } from "../input.ts";
import { type ApplyFile, applySchema } from "./schema.ts";

/** A checked file, and where things stand in it. */
export type ApplySource = {
  path: string;
  file: ApplyFile;
  /** FILE:LINE:COLUMN of a key, or of what is nearest to it. */
  place(steps: readonly PropertyKey[]): string;
};

/**
 * Reads a file for `muster apply` and checks its form before anything is opened.
 * @throws MusterError `invalid`, `at` being FILE:LINE:COLUMN of what is wrong, with the path to it in the message.
 */
export function readApplyFile(path: string): ApplySource {
  const lines = new LineCounter();
  const document = parseDocument(readInput(path, "--file"), { lineCounter: lines, uniqueKeys: true });
  const placeOf = (offset: number | undefined) => {
    if (offset === undefined) return path;
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const place = (steps: readonly PropertyKey[]) => placeOf(offsetOf(document, steps));
  const [broken] = document.errors;
  if (broken) throw new MusterError("invalid", inOurWords(broken), { at: placeOf(broken.pos[0]) });
  const parsed = applySchema.safeParse(toPlain(document, path));
  if (parsed.success) return { path, file: parsed.data, place };
  const issue = parsed.error.issues[0];
  const steps = issuePath(issue);
  throw new MusterError("invalid", `${steps.join(".") || "the file"}: ${issueMessage(issue)}`, { at: place(steps) });
}

/** What the reader says to those who call it is of no use to those who wrote the file. */
function inOurWords({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "the file holds several YAML documents; put them into files of their own";
  if (message.includes("call stack")) return "this nests deeper than any list of organizations";
  return `this is no YAML: ${message.split(" at line ")[0]}`;
}

/** Aliases that would multiply the document are refused by the reader. */
function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new MusterError("invalid", "an alias of this YAML cannot be resolved", { at: path, cause });
  }
}

function issuePath(issue: z.core.$ZodIssue | undefined): PropertyKey[] {
  const unknown = issue?.code === "unrecognized_keys" ? [issue.keys[0] ?? ""] : [];
  return [...(issue?.path ?? []), ...unknown];
}

function issueMessage(issue: z.core.$ZodIssue | undefined): string {
  return issue?.code === "unrecognized_keys" ? "there is no such key" : (issue?.message ?? "invalid");
}

/** Where the deepest node on the way to `steps` begins; a key that should not be there is found by its own place. */
function offsetOf(document: Document, steps: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset = (node as Node | null)?.range?.[0];
  for (const step of steps) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
