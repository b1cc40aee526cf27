import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { makeAuthority } from "../harness/certificates.ts";
import { until } from "../harness/process.ts";
import { startWebKit } from "../harness/webkit.ts";
import { ADMINISTRATOR, consoleServer, PASSWORD } from "./world.ts";

// By TLS, as Muster is served: Safari keeps no `Secure` cookie of http://localhost.
const { url } = await consoleServer(makeAuthority().issue(["localhost"]));
const safari = await startWebKit();
afterAll(() => safari.close());
await mkdir(".cache", { recursive: true });

/** The field whose label begins so. */
const field = (label: string) => `//*[@id = //label[starts-with(normalize-space(.), "${label}")]/@for]`;
const button = (name: string) => `//button[normalize-space(.) = "${name}"]`;

test("R181: in Safari's engine an administrator signs in, sees the users and is told whom an invitation would reach", async () => {
  expect(await safari.evaluate("return navigator.userAgent")).toMatch(/AppleWebKit\/.* Safari\//);
  expect(await safari.evaluate("return 'chrome' in window")).toBe(false);

  await safari.open(`${url}/users`);
  await safari.type(field("E-mail address or user name"), ADMINISTRATOR);
  await safari.type(field("Password"), PASSWORD);
  await safari.click(button("Sign in"));
  await safari.find('//h1[. = "Users"]');
  await safari.find(`//td[contains(., "${ADMINISTRATOR}")]`);

  await safari.click('//a[normalize-space(.) = "Invite"]');
  await safari.type(field("E-mail addresses"), "gus@partner.example, nonsense");
  await safari.find('//*[@role = "dialog"]//*[contains(text(), "2/100 people")]');
  await safari.find('//*[@role = "dialog"]//*[contains(., "gus@partner.example") and contains(., "Invited")]');
  await safari.find('//*[@role = "dialog"]//*[contains(text(), "this is no e-mail address")]');
  await writeFile(".cache/safari.png", await safari.screenshot());
  await safari.click('//button[@aria-label = "Remove nonsense"]');
  await safari.click(button("Continue"));
  await safari.find('//*[@role = "dialog"]//*[contains(text(), "wiki")]');

  expect(await safari.faults()).toEqual([]);
  // It was empty because nothing went wrong, not because nobody looked.
  await safari.evaluate("setTimeout(() => { throw new Error('seen'); })");
  await until("the error is noticed", 30, async () => (await safari.faults())?.length === 1);
});
