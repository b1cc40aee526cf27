import type { Connector, Page } from "../../connectors/connector.ts";

/** Everything that a delta lane gives since a mark, and the next mark. */
export async function delta(changes: Connector["changes"], mark: string) {
  if (changes === undefined) throw new Error("this connector has no delta lane");
  const reading = changes.since(mark, new AbortController().signal);
  const pages: Page[] = [];
  for (;;) {
    const next = await reading.next();
    if (next.done)
      return {
        pages,
        users: pages.flatMap((page) => page.users ?? []),
        groups: pages.flatMap((page) => page.groups ?? []),
        members: pages.flatMap((page) => page.members ?? []),
        mark: next.value,
      };
    pages.push(next.value);
  }
}
