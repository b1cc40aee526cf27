import { googleWorkspaceConnector } from "../../../connectors/google-workspace/google-workspace-connector.ts";
import { type FakeOptions, type FakePerson, startFakeGoogle } from "../../harness/fake-google-directory.ts";
import { keyFile, keyPair } from "../../harness/fake-google-directory-token.ts";
import { type Adapter, type Contents, describeConnector, type Made, type Person } from "../conformance.ts";
import { ADMIN, admin, company, group, QUICK } from "./company.ts";

/** Whoever reads is one of the people. */
const reader: Person = {
  id: admin.id,
  userName: ADMIN,
  active: true,
  email: ADMIN,
  displayName: "Given0 Family0",
  givenName: "Given0",
  familyName: "Family0",
};

function fakePerson({ id, userName, active, displayName, givenName, familyName }: Person): FakePerson {
  return {
    ...(id === null ? ({} as { id: string }) : { id }),
    ...(userName === null ? {} : { primaryEmail: userName }),
    name: { fullName: displayName, givenName, familyName },
    suspended: !active,
    orgUnitPath: "/",
  };
}

function companyOf({ users, groups }: Contents) {
  const isGroup = new Set(groups.map(({ id }) => id));
  return company(
    users.map(fakePerson),
    groups.map(({ id, name, users: people, groups: inner, strangers = 0 }, number) => ({
      ...group(number, []),
      id,
      name,
      members: [
        ...people.map((member) => ({ id: member, type: "USER" })),
        ...inner.map((member) => ({ id: member, type: isGroup.has(member) ? "GROUP" : "USER" })),
        ...Array.from({ length: strangers }, (_, one) => ({
          id: `s${one}`,
          email: `s${one}@other.example`,
          type: "USER",
        })),
      ],
    })),
  );
}

async function make(contents: Contents, options: FakeOptions = {}, settings: object = {}) {
  const fake = await startFakeGoogle(companyOf(contents), options);
  const size = contents.users.length > 100 ? {} : { userPageSize: 2, groupPageSize: 2, memberPageSize: 2 };
  const connector = googleWorkspaceConnector({ ...QUICK, endpoint: fake.url, ...size, ...settings }, keyFile());
  const made: Made = {
    connector,
    truth: { ...contents, users: [reader, ...contents.users] },
    secrets: [keyPair().privateKey, "ya29.", "PRIVATE KEY"],
    held: () => fake.connections(),
    remove: () => fake.stop(),
  };
  return { made, fake };
}

const totals = new WeakMap<Contents, Promise<number>>();
/** How many different things a whole read asks for. */
async function countAsked(contents: Contents): Promise<number> {
  const { made, fake } = await make(contents);
  for await (const _ of made.connector.read(new AbortController().signal));
  await made.remove();
  return fake.asked();
}

async function broken(contents: Contents, kind: NonNullable<FakeOptions["fault"]>["kind"], page: number) {
  const total = totals.get(contents) ?? countAsked(contents);
  totals.set(contents, total);
  if (page > (await total)) return null;
  return (await make(contents, { fault: { phase: "any", page, kind } }, { maxAttempts: 2 })).made;
}

const FAULTS = ["401", "403-forbidden", "429", "503", "half-json", "drop-inside", "redirect", "empty-object"] as const;

const adapter: Adapter = {
  id: (number) => `2000${String(number).padStart(10, "0")}`,
  make: async (contents) => (await make(contents)).made,
  faults: FAULTS,
  broken: (contents, fault, page) => broken(contents, FAULTS.find((known) => known === fault) ?? "503", page),
  silent: (contents, page) => broken(contents, "hang", page),
};

describeConnector("google-workspace", adapter);
