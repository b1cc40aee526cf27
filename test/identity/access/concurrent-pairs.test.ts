import { describe, expect, test } from "vitest";
import { type DirectoryId, type GroupId, newId, type ProductId } from "../../../src/db/id.ts";
import { isMusterError } from "../../../src/errors.ts";
import { reconcileAll } from "../../../src/identity/access/reconcile.ts";
import { changeNestings } from "../../../src/identity/directory-groups/nestings.ts";
import type { DirectoryUser } from "../../../src/identity/directory-users/directory-user.ts";
import { type Role, revokeGrant } from "../../../src/identity/grants.ts";
import { testContext } from "../../harness/postgres.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { makeOrganization, type Organization } from "./organization.ts";
import { Random } from "./random.ts";
import { expectModel } from "./stored.ts";

const ctx = await testContext();
const PAIRS = 2_000;

/** A small organization in which two writers meet: two directories, three groups each, people of both and of one. */
type Stage = {
  org: Organization;
  product: ProductId;
  directories: { id: DirectoryId; name: string; groups: GroupId[]; people: DirectoryUser[] }[];
};
type Change = () => Promise<unknown>;
type Scenario = (stage: Stage, random: Random) => [Change, Change];

async function makeStage(key: string, mode: "aggregating" | "masking"): Promise<Stage> {
  const org = await makeOrganization(ctx, key, mode);
  const product = await org.product("wiki", { hasGuests: true });
  const directories: Stage["directories"] = [];
  for (const name of ["c", "p"]) {
    const id = await org.directory(name);
    const groups = [await org.group(id, "g1"), await org.group(id, "g2"), await org.group(id, "g3")];
    const people = [await org.person(id, "both"), await org.person(id, `only-${name}`)];
    await org.grant(groups[0] as GroupId, product, name === "c" ? "user" : "admin");
    directories.push({ id, name, groups, people });
  }
  return { org, product, directories };
}

/** A person and a group of one directory. */
function spot({ directories }: Stage, random: Random) {
  const directory = random.pick(directories);
  return { directory, group: random.pick(directory.groups), person: random.pick(directory.people) };
}

const join =
  (stage: Stage, at: ReturnType<typeof spot>): Change =>
  () =>
    stage.org.join(at.directory.id, at.group, at.person.id);
const leave =
  (stage: Stage, at: ReturnType<typeof spot>): Change =>
  () =>
    stage.org.leave(at.directory.id, at.group, at.person.id);

/** Grants a role, or takes the grant away where exactly it stands already: so the pairs never run dry. */
const grant =
  (stage: Stage, group: GroupId, role: Role): Change =>
  async () => {
    const { org, product } = stage;
    try {
      await org.grant(group, product, role);
    } catch (error) {
      if (!isMusterError(error) || error.code !== "conflict") throw error;
      const [row] = await org.db.query<{ id: Parameters<typeof revokeGrant>[1] }>({
        text: "select id from role_grants where organization = $1 and product = $2 and group_id = $3",
        values: [org.id, product, group],
      });
      if (row) await org.alone((tx) => revokeGrant(tx, row.id));
    }
  };

const roles: readonly Role[] = ["admin", "user", "guest"];

const scenarios: Record<string, Scenario> = {
  "join ∥ leave": (stage, random) => {
    const at = spot(stage, random);
    return [join(stage, at), leave(stage, random.chance(0.7) ? at : spot(stage, random))];
  },
  "join ∥ grant": (stage, random) => {
    const at = spot(stage, random);
    const change = random.chance(0.5) ? join(stage, at) : leave(stage, at);
    return [change, grant(stage, at.group, random.pick(roles))];
  },
  "join ∥ re-order": (stage, random) => {
    const at = spot(stage, random);
    const change = random.chance(0.5) ? join(stage, at) : leave(stage, at);
    return [change, () => stage.org.order(...random.shuffled(["c", "p", "internal"]))];
  },
  "the same user name POSTed in two directories": ({ org, directories }, random) => {
    const name = newId();
    const post =
      (directory: Stage["directories"][number]): Change =>
      async () => {
        const user = await org.person(directory.id, random.chance(0.5) ? name : name.toUpperCase());
        await org.join(directory.id, random.pick(directory.groups), user.id);
      };
    const [c, p] = directories as [Stage["directories"][number], Stage["directories"][number]];
    return [post(c), post(p)];
  },
  "nesting ∥ join": (stage, random) => {
    const at = spot(stage, random);
    const nesting = { parent: at.directory.groups[0] as GroupId, child: at.group };
    const added = random.chance(0.6);
    return [
      () =>
        stage.org.alone((tx) =>
          changeNestings(tx, at.directory.id, { add: added ? [nesting] : [], remove: added ? [] : [nesting] }),
        ),
      random.chance(0.5) ? join(stage, at) : leave(stage, at),
    ];
  },
  "deactivate ∥ grant": (stage, random) => {
    const at = spot(stage, random);
    return [
      () => stage.org.update(at.person, { active: random.chance(0.5) }),
      grant(stage, at.group, random.pick(roles)),
    ];
  },
};

describe.each(["aggregating", "masking"] as const)("%s", (mode) => {
  test.each(Object.entries(scenarios))(
    "%s: afterwards access is what the model says",
    { timeout: 600_000 },
    async (name, scenario) => {
      const pairs = Math.ceil(scaled(PAIRS) / Object.keys(scenarios).length / 2);
      const first = seed + Object.keys(scenarios).indexOf(name) * PAIRS + (mode === "masking" ? PAIRS * 100 : 0);
      const stage = await makeStage(`${mode}-${Object.keys(scenarios).indexOf(name)}`, mode);
      for (let pair = 0; pair < pairs; pair++) {
        const random = new Random(first + pair);
        const [one, other] = scenario(stage, random);
        // Both orders, and every overlap between them: the second starts while the first is at work.
        const order = pair % 2 === 0 ? [one, other] : [other, one];
        const pause = random.chance(0.3) ? 0 : random.next() * 4;
        await Promise.all([
          order[0]?.(),
          new Promise((resolve) => setTimeout(resolve, pause)).then(() => order[1]?.()),
        ]);
        await expectModel(stage.org.db, `${name}, pair ${pair} of MUSTER_TEST_SEED=${seed}`);
      }
      const { changed } = await stage.org.alone((tx) => reconcileAll(tx));
      expect(changed).toBe(0);
    },
  );
});
