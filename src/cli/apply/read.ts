import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { MusterError } from "../../errors.ts";
import { readInput } from "../input.ts";
import { type ApplyFile, applySchema } from "./schema.ts";

/**
 * Reads a file for `muster apply` and checks all of it before anything is opened.
 * @throws MusterError `invalid`, `at` being FILE:LINE:COLUMN of what is wrong, and the path to it in the message.
 */
export function readApplyFile(path: string): ApplyFile {
  const lines = new LineCounter();
  const document = parseDocument(readInput(path, "-f"), { lineCounter: lines, uniqueKeys: true });
  const place = (offset: number | undefined) => {
    if (offset === undefined) return path;
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken)
    throw new MusterError("invalid", `this is no YAML: ${broken.message.split(" at line ")[0]}`, {
      at: place(broken.pos[0]),
    });
  const parsed = applySchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const steps = issuePath(issue);
  throw new MusterError("invalid", `${steps.join(".") || "the file"}: ${issueMessage(issue)}`, {
    at: place(offsetOf(document, steps)),
  });
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
