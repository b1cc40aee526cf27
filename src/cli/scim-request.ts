import type { LoggedChange, LoggedRequest } from "../identity/request-log.ts";
import { printable } from "./answer.ts";

/**
 * One request for a person: a line, and indented below it why it was refused, what was let pass and, if wanted, its body.
 */
export function describeRequest(request: LoggedRequest, show: { bodies: boolean }): string {
  const { at, status, method, duration, path, query, changes, detail, warnings, skipped } = request;
  const target = query === null ? path : `${path}?${query}`;
  const lines = [
    ...(skipped > 0 ? [`… ${skipped} requests before this one were left out: too many at once`] : []),
    [at.toISOString(), status, method.padEnd(6), milliseconds(duration), target, ...changes.map(describeChange)].join(
      "  ",
    ),
    ...(detail === null ? [] : [`    refused: ${detail}`]),
    ...warnings.map(({ name, at: places, times }) => `    ${name}: ${places.join(", ")}${often(times, places.length)}`),
    ...(show.bodies && request.request !== null
      ? [`    ${JSON.stringify(request.request)}${request.cut ? " (cut)" : ""}`]
      : []),
  ];
  return lines.map(printable).join("\n");
}

function milliseconds(duration: number): string {
  return `${duration < 10 ? duration.toFixed(1) : duration.toFixed(0)} ms`.padStart(7);
}

function often(times: number, shown: number): string {
  return times > shown ? ` (${times} times)` : "";
}

function describeChange({ kind, id, did, attributes, added, removed, more }: LoggedChange): string {
  if (more !== undefined) return `and ${more} more changes`;
  const members = [...(added ? [`+${added}`] : []), ...(removed ? [`-${removed}`] : [])];
  const what = [...(attributes ?? []), ...(members.length > 0 ? [`members ${members.join(" ")}`] : [])];
  return `${did} ${kind} ${id}${what.length > 0 ? ` (${what.join(", ")})` : ""}`;
}
