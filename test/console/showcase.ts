import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import type { consoleWorld } from "./world.ts";

const GIVEN = [
  "Amara",
  "Bruno",
  "Chiara",
  "Dmitri",
  "Elif",
  "Farid",
  "Greta",
  "Hugo",
  "Ines",
  "Jonas",
  "Kavya",
  "Liam",
];
const FAMILY = ["Okafor", "Silva", "Rossi", "Ivanov", "Demir", "Haddad", "Lindqvist", "Weber", "Navarro", "Berg"];

/** A company as one would find it: people of a directory, a team, guests and people who were asked in. For pictures. */
export async function showcase({ ctx, company, ask }: Awaited<ReturnType<typeof consoleWorld>>): Promise<void> {
  const { organization, okta, token, groups } = company;
  const people = GIVEN.flatMap((given, row) =>
    FAMILY.slice(0, 3).map((_, column) => {
      const family = FAMILY[(row * 3 + column) % FAMILY.length] ?? "";
      const name = `${given}.${family}`.toLowerCase();
      return {
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: name,
        userName: `${name}@acme.example`,
        active: (row + column) % 9 !== 4,
        email: `${name}@acme.example`,
        displayName: `${given} ${family}`,
        resource: {},
        contentHash: null,
      };
    }),
  );
  const actor = { organization, kind: "system", id: null, requestId: null } as const;
  await inTransaction(ctx, actor, (tx) => insertDirectoryUsers(tx, okta.id, people));
  const send = async (path: string, body: unknown): Promise<void> => {
    const answer = await ask("POST", path, { token, body });
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.text}`);
  };
  const found = await ask("GET", "/users?limit=200", { token });
  const ids: string[] = found.body.data.map((user: { id: string }) => user.id);
  await send(`/groups/${groups.users.id}/members`, { users: ids.slice(5, 30) });
  await send("/invitations", {
    emails: ["mei@partner.example", "tomas@partner.example"],
    groups: [groups.guests.id],
    spaces: [{ product: "wiki", space: "docs", permission: "read-only", expiresAt: "P30D" }],
    message: "Welcome to the handbook.",
  });
  await send("/invitations", { emails: ["new.colleague@acme.example"], groups: [groups.users.id] });
}
