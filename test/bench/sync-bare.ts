/**
 * What a sync is measured against, as a program: reads people and groups with ldapts alone, page by page, with the
 * attributes that Muster asks for, and keeps nothing. It proves nothing either and compares with nothing.
 */
import { Client } from "ldapts";

const { url, bindDn, password, base, pageSize } = JSON.parse(process.argv[2] ?? "") as Record<string, string> & {
  pageSize: number;
};
const searches = [
  {
    filter: "(objectClass=inetOrgPerson)",
    attributes: [
      ...["entryUUID", "uid", "mail", "displayName", "cn", "givenName", "sn"],
      ...["pwdAccountLockedTime", "shadowExpire"],
    ],
  },
  {
    filter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
    attributes: ["entryUUID", "cn", "member", "uniqueMember", "memberUid"],
  },
];

const began = performance.now();
const client = new Client({ url: url ?? "" });
await client.bind(bindDn ?? "", password ?? "");
let entries = 0;
for (const search of searches)
  for await (const page of client.searchPaginated(base ?? "", {
    ...{ ...search, scope: "sub", timeLimit: 0, paged: { pageSize } },
  }))
    entries += page.searchEntries.length;
await client.unbind();
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ seconds, cpu: (user + system) / 1e6, entries })}\n`);
