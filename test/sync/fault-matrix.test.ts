import { expect, test } from "vitest";
import { FAULTS as GOOGLE_FAULTS } from "../harness/fake-google-directory-faults.ts";
import { FAULTS as LDAP_FAULTS } from "../harness/fake-ldap.ts";
import { GOOGLE_CELLS } from "./google-cells.ts";
import { LDAP_CELLS } from "./ldap-cells.ts";
import { chosen } from "./matrix.ts";

test("the matrix holds every fault at every page and phase, at least 150 of them", () => {
  const all = LDAP_CELLS.length + GOOGLE_CELLS.length;
  const here = chosen(LDAP_CELLS).length + chosen(GOOGLE_CELLS).length;
  console.info(
    `fault matrix: ${LDAP_CELLS.length} LDAP + ${GOOGLE_CELLS.length} Google = ${all} runs, ${here} of them here`,
  );
  expect(all).toBeGreaterThanOrEqual(150);
  expect(new Set(LDAP_CELLS.map((cell) => `${cell.phase}: ${cell.what}`)).size).toBe(LDAP_CELLS.length);
  for (const kind of LDAP_FAULTS)
    expect(
      LDAP_CELLS.filter((cell) => cell.what === kind).map((cell) => cell.phase),
      kind,
    ).toEqual(expect.arrayContaining(["page 1", "page 2", "page 4", "page 6", "page 8"]));
  const places = (kind: string): string[] =>
    GOOGLE_CELLS.filter((cell) => cell.kind === kind).map((cell) => `${cell.phase} ${cell.page}`);
  for (const kind of GOOGLE_FAULTS.answers)
    expect(places(kind), kind).toEqual(
      expect.arrayContaining(["token 1", "users 1", "users 2", "users 3", "members 6"]),
    );
  for (const kind of GOOGLE_FAULTS.lists)
    expect(places(kind), kind).toEqual(expect.arrayContaining(["users 1", "groups 2", "members 6"]));
});
