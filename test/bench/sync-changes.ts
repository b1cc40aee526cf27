import { Attribute, Change, Client } from "ldapts";

/** Of the hundred changes of a round. */
const KINDS = { renamed: 50, added: 15, removed: 5, joined: 20, left: 10 } as const;

/** A hundred changes to a generated directory, other ones in each round; whoever is removed leaves their groups too. */
export async function makeChanges(
  server: { url: string; rootDn: string; rootPassword: string; suffix: string },
  sizes: { users: number; groups: number },
  round: number,
): Promise<void> {
  const client = new Client({ url: server.url });
  await client.bind(server.rootDn, server.rootPassword);
  const user = (number: number) => `uid=u${number},ou=people,${server.suffix}`;
  const group = (number: number) => `cn=g${number},ou=groups,${server.suffix}`;
  const change = (dn: string, operation: "add" | "delete" | "replace", type: string, value: string) =>
    client.modify(dn, new Change({ operation, modification: new Attribute({ type, values: [value] }) }));
  const membersOf = async (dn: string): Promise<string[]> => {
    const found = await client.search(dn, { scope: "base", attributes: ["member"] });
    return [found.searchEntries[0]?.member ?? []].flat().map(String);
  };
  try {
    const first = round * 1_000;
    for (let place = 0; place < KINDS.renamed; place++)
      await change(user((first + place) % sizes.users), "replace", "sn", `Renamed ${round}`);
    for (let place = 0; place < KINDS.added; place++)
      await client.add(user(sizes.users + first + place), {
        objectClass: "inetOrgPerson",
        ...{ uid: `u${sizes.users + first + place}`, cn: `New ${place}`, sn: "New" },
      });
    for (let place = 0; place < KINDS.removed; place++) {
      const dn = user((first + 500 + place) % sizes.users);
      const { searchEntries } = await client.search(server.suffix, {
        ...{ scope: "sub", filter: `(member=${dn})`, attributes: ["cn"] },
      });
      for (const entry of searchEntries) await change(entry.dn, "delete", "member", dn);
      await client.del(dn);
    }
    for (let place = 0; place < KINDS.joined; place++)
      await change(
        group((first + 1 + place) % sizes.groups),
        "add",
        "member",
        user(sizes.users + first + (place % 15)),
      );
    for (let place = 0; place < KINDS.left; place++) {
      const dn = group((first + 101 + place) % sizes.groups);
      const members = await membersOf(dn);
      if (members[1] !== undefined) await change(dn, "delete", "member", members[1]);
    }
  } finally {
    await client.unbind();
  }
}
