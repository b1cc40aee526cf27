import { createServer as createPlain, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import { afterAll, expect, test } from "vitest";
import type { Connector } from "../../connectors/connector.ts";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { makeAuthority } from "../harness/certificates.ts";
import { type FakeLdap, type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { LDAP_CELLS, type LdapCell, type Trap } from "./ldap-cells.ts";
import { chosen, makeMatrix } from "./matrix.ts";
import { BASE, ldapCompany } from "./two-companies.ts";
import { silent } from "./world.ts";

const ctx = await testContext({ logger: silent });
const options: FakeOptions = { users: [], groups: [] };
const fake = await startFakeLdap(options);
const authority = makeAuthority();
const traps = await makeTraps(fake);
afterAll(async () => {
  await fake.stop();
  for (const { server } of Object.values(traps)) server?.close();
});

/** What the fake is told, and nothing that it was told before. */
function tell(all: FakeOptions): void {
  for (const key of Object.keys(options)) delete options[key as keyof FakeOptions];
  Object.assign(options, structuredClone(all));
  fake.sent = 0;
}

function connector(settings: Record<string, unknown> = {}): Connector {
  const whole = { url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: 2, ...settings };
  return ldapConnector(whole, "secret");
}

/** The reader of one cell, with the server made ready to break. `total` is what a whole read is told in bytes. */
function broken(turn: 0 | 1, cell: LdapCell, total: number): Connector {
  const { users, groups } = ldapCompany(turn);
  tell({
    ...{ users, groups },
    ...cell.said?.({ users, groups }),
    ...cell.options,
    ...(cell.cutAt !== undefined && { cutAfterBytes: Math.floor((total * cell.cutAt) / 100) }),
    ...(cell.loseAt !== undefined && { loseByte: Math.floor((total * cell.loseAt) / 100) }),
  });
  const trap = cell.trap === undefined ? {} : { url: traps[cell.trap].url, ca: authority.ca };
  return connector({ ...cell.settings, ...trap });
}

test(`${LDAP_CELLS.length} LDAP faults, through the whole run`, async () => {
  const matrix = await makeMatrix(ctx);
  tell(ldapCompany(0));
  await matrix.begin(connector(), ldapCompany(0).goal);
  const total = fake.sent;
  let turn: 0 | 1 = 0;
  let met = 0;
  for (const cell of chosen(LDAP_CELLS)) {
    turn = turn === 0 ? 1 : 0;
    const now = turn;
    await matrix.meet({
      what: `${cell.phase}: ${cell.what}`,
      fault: { connector: broken(now, cell, total) },
      whole: () => {
        tell(ldapCompany(now));
        return connector();
      },
      goal: ldapCompany(now).goal,
      ends: [cell.ends ?? "failed"],
    });
    met += 1;
  }
  expect(met).toBe(chosen(LDAP_CELLS).length);
}, 3_600_000);

async function makeTraps(plain: FakeLdap): Promise<Record<Trap, { url: string; server?: Server }>> {
  const listen = async (server: Server, scheme: "ldap" | "ldaps"): Promise<{ url: string; server: Server }> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return { url: `${scheme}://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, server };
  };
  const reset = (socket: Socket): unknown => socket.resetAndDestroy();
  const hold = (socket: Socket): unknown => socket.on("error", () => {});
  const certified = (names: string[], by = authority): Server =>
    createTls(certificateOf(by, names), (socket) => socket.destroy()).on("tlsClientError", () => {});
  const closed = await listen(createPlain(), "ldap");
  await new Promise((resolve) => closed.server.close(resolve));
  return {
    nobody: { url: closed.url },
    resets: await listen(createPlain(reset), "ldap"),
    silent: await listen(createPlain(hold), "ldap"),
    "speaks HTTP": await listen(
      createPlain((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n")),
      "ldap",
    ),
    "silent TLS": await listen(createPlain(hold), "ldaps"),
    "TLS that resets": await listen(createPlain(reset), "ldaps"),
    "plain where TLS should be": { url: plain.url.replace("ldap:", "ldaps:") },
    "an unknown authority": await listen(certified(["127.0.0.1"], makeAuthority("Somebody else")), "ldaps"),
    "another name": await listen(certified(["directory.example.com"]), "ldaps"),
  };
}

function certificateOf(by: ReturnType<typeof makeAuthority>, names: string[]): { key: string; cert: string } {
  const { key, certificate } = by.issue(names);
  return { key, cert: certificate };
}
