import fc from "fast-check";
import { expect, test } from "vitest";
import { html } from "../../src/http/html.ts";
import { maskAddress } from "../../src/pages/invitation.ts";
import { scaled, seed } from "../harness/scale.ts";

test("what is put into a page is text, wherever it stands", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const part = html`<a title="${text}">${text}</a>`.html;
      const inside = part.slice('<a title="'.length, -"</a>".length);
      expect(inside.split('">')).toHaveLength(2);
      expect(inside.replace('">', "")).not.toMatch(/[<>"']/);
    }),
    { numRuns: scaled(10_000), seed },
  );
  expect(html`<p>${html`<b>${"a&b"}</b>`}${[html`<i></i>`, html`${"<"}`]}</p>`.html).toBe(
    "<p><b>a&amp;b</b><i></i>&lt;</p>",
  );
});

test("a masked address keeps its first letter and its domain", () => {
  expect(maskAddress("ann.roe@example.com")).toBe("a…@example.com");
});
